// Small comforts. Every page works without this file; nothing here asks another host for anything.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;

  const theme = document.getElementById('theme');
  if (theme) theme.addEventListener('click', () => {
    root.dataset.bsTheme = root.dataset.bsTheme === 'dark' ? 'light' : 'dark';
    document.cookie = `theme=${root.dataset.bsTheme};path=/;max-age=31536000;samesite=lax`;
  });

  // The name of the chosen file beside our own button.
  document.addEventListener('change', event => {
    const told = event.target.type === 'file' && event.target.closest('.file')?.querySelector('[data-file]');
    if (told) told.textContent = [...event.target.files].map(file => file.name).join(' ') || told.dataset.none;
  });

  const menu = document.getElementById('menu');
  if (menu) menu.addEventListener('click', () => {
    menu.setAttribute('aria-expanded', document.body.classList.toggle('menu-open'));
  });

  // One pop-up at a time; a click outside or Escape closes it and gives the focus back.
  const pops = all('details.pop');
  pops.forEach(pop => pop.addEventListener('toggle', () => {
    if (pop.open) pops.forEach(other => { if (other !== pop) other.open = false; });
  }));
  document.addEventListener('click', event => pops.forEach(pop => { if (!pop.contains(event.target)) pop.open = false; }));
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') pops.filter(pop => pop.open).forEach(pop => { pop.open = false; pop.querySelector('summary').focus(); });
  });

  // "?" says which keys there are; "g" and a letter go to a page of the menu. Never while somebody types.
  const keys = document.getElementById('keys');
  let going = false;
  const goTo = { t: '/', d: '/demands/', i: '/introductions/' };
  document.addEventListener('keydown', event => {
    if (!keys || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input,textarea,select,dialog')) return;
    if (event.key === '?') { event.preventDefault(); keys.showModal(); }
    const link = going && goTo[event.key] && document.querySelector(`#nav a[href="${goTo[event.key]}"]`);
    const others = going && event.key === 'a' && document.getElementById('alliances');
    going = event.key === 'g';
    if (others) { event.preventDefault(); others.open = true; others.querySelector('button').focus(); }
    if (link) link.click();
  });
  document.addEventListener('click', event => { if (keys && event.target.closest('[data-keys]')) keys.showModal(); });

  // Delegated, so that rows brought in by htmx behave like the first ones.
  document.addEventListener('click', event => {
    const opener = event.target.closest('[data-open]');
    if (opener) {
      event.preventDefault();
      const row = document.getElementById(opener.getAttribute('aria-controls'));
      row.hidden = !row.hidden;
      opener.setAttribute('aria-expanded', !row.hidden);
      const head = opener.closest('tr');
      if (head) head.classList.toggle('on', !row.hidden);
    }
    const closer = event.target.closest('[data-dismiss]');
    if (closer) closer.closest('.note').remove();
    const filter = event.target.closest('[data-fold-filter]');
    if (filter) filter.setAttribute('aria-expanded', filter.form.classList.toggle('open'));
    if (event.target.closest('[data-print]')) print();
  });
  document.addEventListener('change', event => { if (event.target.matches('[data-submit]')) event.target.form.requestSubmit(); });

  // Two to four rows are compared: the button says how many are ticked, a fifth cannot be.
  const ticks = () => all('[data-tick]');
  const tell = () => {
    const bar = document.querySelector('[data-ticked]');
    if (!bar) return;
    const chosen = ticks().filter(box => box.checked);
    if (chosen.length) bar.textContent = `${bar.dataset.words} ${chosen.length} / 4`;
    ticks().forEach(box => { box.disabled = !box.checked && chosen.length >= 4; });
    const button = document.querySelector('[data-compare]');
    button.disabled = chosen.length < 2;
    button.closest('.cmpbar').classList.toggle('on', chosen.length > 0);
    button.classList.toggle('btn-primary', chosen.length >= 2);
    button.classList.toggle('btn-line', chosen.length < 2);
  };
  document.addEventListener('change', event => { if (event.target.matches('[data-tick]')) tell(); });
  tell();

  // On a phone the best row is folded too: the ranking is read first.
  if (matchMedia('(max-width: 767px)').matches) all('.caps tr.x:not([hidden])').forEach(row => {
    row.hidden = true;
    all(`[aria-controls="${row.id}"]`).forEach(opener => { opener.setAttribute('aria-expanded', false); opener.closest('tr').classList.remove('on'); });
  });

  // On a phone the list of lines is folded behind one button.
  const fold = document.querySelector('[data-fold]');
  if (fold) {
    const box = document.getElementById(fold.getAttribute('aria-controls'));
    const narrow = matchMedia('(max-width: 767px)');
    const set = open => { box.hidden = !open; fold.setAttribute('aria-expanded', open); };
    set(!narrow.matches);
    narrow.addEventListener('change', () => set(!narrow.matches));
    fold.addEventListener('click', () => set(box.hidden));
  }
})();
