// Names behind an @ are offered while somebody types. Without this file one types them out: the list is on the page.
(() => {
  const box = document.querySelector('textarea[data-mentions]');
  const source = box && document.getElementById(box.dataset.mentions);
  if (!source) return;
  const people = [...source.querySelectorAll('[data-handle]')].map(item => ({
    handle: item.dataset.handle, words: item.dataset.words.toLowerCase(), text: item.textContent.trim(),
  }));
  const list = document.createElement('ul');
  list.id = 'mention-list';
  list.className = 'offer';
  list.hidden = true;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', box.labels[0] ? box.labels[0].textContent : '@');
  box.after(list);
  box.setAttribute('aria-autocomplete', 'list');
  let at = 0;

  // What is typed between the last @ and the caret, if it can be the beginning of a name.
  const typed = () => {
    const before = box.value.slice(0, box.selectionStart);
    const found = before.match(/(^|[^A-Za-z0-9._%+-])[@\uff20]([^\s@\uff20]{0,30})$/);
    return found ? found[2] : null;
  };
  const close = () => {
    list.hidden = true;
    list.replaceChildren();
    box.removeAttribute('aria-activedescendant');
    box.removeAttribute('aria-controls');
  };
  const mark = () => [...list.children].forEach((item, number) => {
    item.setAttribute('aria-selected', number === at);
    if (number === at) { box.setAttribute('aria-activedescendant', item.id); item.scrollIntoView({ block: 'nearest' }); }
  });
  const offer = () => {
    const word = typed();
    const found = word === null ? [] : people.filter(person => person.words.includes(word.toLowerCase())).slice(0, 8);
    // A whole name is written already: nothing more to offer.
    if (!found.length || found.some(person => person.handle === word)) { close(); return; }
    list.replaceChildren(...found.map((person, number) => {
      const item = document.createElement('li');
      item.id = `mention-${number}`;
      item.setAttribute('role', 'option');
      item.dataset.handle = person.handle;
      item.textContent = person.text;
      return item;
    }));
    at = 0;
    list.hidden = false;
    box.setAttribute('aria-controls', list.id);
    mark();
  };
  const take = handle => {
    const end = box.selectionStart;
    const start = end - typed().length;
    box.setRangeText(`${handle} `, start, end, 'end');
    close();
    box.focus();
  };

  box.addEventListener('input', offer);
  box.addEventListener('keydown', event => {
    if (list.hidden) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      at = (at + (event.key === 'ArrowDown' ? 1 : list.children.length - 1)) % list.children.length;
      mark();
    } else if ((event.key === 'Enter' || event.key === 'Tab') && !event.isComposing) {
      event.preventDefault();
      take(list.children[at].dataset.handle);
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    }
  });
  // Before the box loses the focus.
  list.addEventListener('mousedown', event => {
    const item = event.target.closest('[data-handle]');
    if (item) { event.preventDefault(); take(item.dataset.handle); }
  });
  box.addEventListener('blur', close);
})();
