// The bell of an open page is looked at again once a minute, while somebody looks at the page and is not on the bell.
(() => {
  const PAUSE = 60000;
  let silent = 0;

  const again = async () => {
    const bell = document.getElementById('bell');
    if (!bell || document.hidden || document.activeElement === bell || silent > 3) return;
    try {
      const answer = await fetch(bell.dataset.again, { redirect: 'error', headers: { 'HX-Request': 'true' } });
      const text = answer.ok ? (await answer.text()).trim() : '';
      silent = text ? 0 : silent + 1;
      if (!text) return;
      const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('bell');
      if (fresh && fresh.getAttribute('aria-label') !== bell.getAttribute('aria-label')) bell.replaceWith(fresh);
    } catch {
      silent += 1; // away, or signed out: after a few tries the page stays as it is
    }
  };
  if (document.getElementById('bell')) setInterval(again, PAUSE);
})();
