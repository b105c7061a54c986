// Before the first paint: what only folds where it can be unfolded; someone who never chose gets the theme of the machine.
(() => {
  document.documentElement.classList.add('js');
  const chosen = document.cookie.split('; ').some(part => part.startsWith('theme='));
  if (!chosen && matchMedia('(prefers-color-scheme: dark)').matches) document.documentElement.dataset.bsTheme = 'dark';
})();
