// The drawer beside the list of introductions, and arrow keys on the board. Without this file links open whole pages.
(() => {
  const drawer = document.getElementById('drawer');
  if (!drawer) return;
  let opener = null;
  let changed = false;

  const close = () => {
    if (drawer.hidden) return;
    drawer.hidden = true;
    document.body.classList.remove('drawer-open');
    if (changed) { location.reload(); return; }
    document.querySelectorAll('[hx-target="#drawer"][aria-expanded]').forEach(link => link.removeAttribute('aria-expanded'));
    if (opener) opener.focus();
  };

  document.addEventListener('htmx:beforeRequest', event => {
    const link = event.target;
    if (link.matches('a[hx-target="#drawer"]')) opener = link;
  });
  // A modified click asks for a new tab: the link's own address answers it.
  document.addEventListener('click', event => {
    const link = event.target.closest('a[hx-target="#drawer"]');
    if (link && (event.ctrlKey || event.metaKey || event.shiftKey)) event.stopImmediatePropagation();
    if (event.target.closest('[data-drawer-close]')) close();
  }, true);
  document.addEventListener('htmx:afterSwap', event => {
    if (event.target !== drawer) return;
    drawer.hidden = false;
    document.body.classList.add('drawer-open');
    if (event.detail.requestConfig.verb === 'post') changed = true;
    if (opener) opener.setAttribute('aria-expanded', 'true');
    const title = document.getElementById('drawer-title');
    if (title) title.focus();
  });
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') close();
    const card = event.target.closest('[data-card]');
    if (!card) return;
    const columns = [...document.querySelectorAll('[data-board] .lane')].map(column => [...column.querySelectorAll('[data-card]')]);
    const x = columns.findIndex(cards => cards.includes(card));
    const y = columns[x].indexOf(card);
    const go = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!go) return;
    event.preventDefault();
    let column = x + go[0];
    while (go[0] && columns[column] && !columns[column].length) column += go[0];
    const cards = columns[column];
    if (!cards) return;
    const next = cards[Math.min(Math.max(y + go[1], 0), cards.length - 1)];
    if (next) next.focus();
  });
})();
