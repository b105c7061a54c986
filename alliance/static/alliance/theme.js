// Before the first paint: someone who never chose gets the theme of the machine.
(() => {
  const chosen = document.cookie.split('; ').some(part => part.startsWith('theme='));
  if (!chosen && matchMedia('(prefers-color-scheme: dark)').matches) document.documentElement.dataset.bsTheme = 'dark';
})();
