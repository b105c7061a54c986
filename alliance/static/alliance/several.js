// Ticked rows: one box ticks the whole page, and the bar says how many are ticked. Without this file ticking works too.
(() => {
  const form = document.getElementById('several');
  if (!form) return;
  const boxes = () => [...document.querySelectorAll('[data-several]')];
  const all = form.querySelector('[data-all]');
  const told = form.querySelector('[data-words]');
  const tell = () => {
    const ticked = boxes().filter(box => box.checked).length;
    told.textContent = ticked ? `${told.dataset.words} ${ticked}` : told.dataset.words;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
    form.classList.toggle('on', ticked > 0);
  };
  all.hidden = false;
  all.addEventListener('change', () => { boxes().forEach(box => { box.checked = all.checked; }); tell(); });
  document.addEventListener('change', event => { if (event.target.matches('[data-several]')) tell(); });
  tell();
})();
