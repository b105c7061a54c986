// The form of a capability: units convert what was typed, the strip follows, strange values offer their unit.
// Everything also works without this file; the server reads, converts and checks again.
(() => {
  const form = document.getElementById('capability-form');
  const all = (selector, root) => [...root.querySelectorAll(selector)];
  const number = text => {
    const plain = text.trim().replace(/[,，](?=\d{3})/g, '').replace('−', '-');
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : null;
  };
  const written = value => String(Number(value.toPrecision(10)));
  const own = (option, value) => value * Number(option.dataset.factor) + Number(option.dataset.shift);
  const back = (option, value) => (value - Number(option.dataset.shift)) / Number(option.dataset.factor);

  // --- the search for a type: arrow keys walk through what was found ---
  const search = document.querySelector('[data-type-search]');
  if (search) document.addEventListener('keydown', event => {
    const links = all('a.typ', document.getElementById(search.dataset.typeSearch));
    const at = links.indexOf(document.activeElement);
    if (!links.length || (document.activeElement !== search && at < 0)) return;
    if (event.key === 'ArrowDown') { event.preventDefault(); links[Math.min(at + 1, links.length - 1)].focus(); }
    if (event.key === 'ArrowUp') { event.preventDefault(); (at > 0 ? links[at - 1] : search).focus(); }
  });
  if (!form) return;

  // --- one parameter ---
  const boxes = row => all('[data-low],[data-high]', row);
  const unitOf = row => { const select = row.querySelector('[data-unit]'); return select && select.selectedOptions[0]; };
  const place = (value, least, most) => Math.min(99, Math.max(0, 20 + 60 * (value - least) / ((most - least) || Math.abs(most) || 1)));

  const draw = row => {
    const strip = row.querySelector('svg.rg');
    if (!strip) return;
    const unit = unitOf(row);
    const values = boxes(row).map(box => number(box.value)).filter(value => value !== null).map(value => unit ? own(unit, value) : value);
    const mark = strip.querySelector('.v');
    const least = Number(strip.dataset.least), most = Number(strip.dataset.most);
    if (!values.length) { mark.setAttribute('width', 0); return; }
    const low = place(Math.min(...values), least, most), high = place(Math.max(...values), least, most);
    mark.setAttribute('x', low.toFixed(2));
    mark.setAttribute('width', Math.max(high - low, 1.2).toFixed(2));
  };

  const stated = row => all('input,select', row).map(box => box.type === 'checkbox' ? box.checked : box.value).join('\u0000');
  const rows = all('.pr[id]', form);
  const first = new Map(rows.map(row => [row, stated(row)]));
  const evidence = row => {
    const now = row.querySelector('.ev .now');
    if (!now) return;
    const unit = unitOf(row);
    const same = first.get(row) === stated(row) || (row.dataset.own && row.dataset.own === ownText(row, unit));
    now.hidden = same;
    row.querySelector('.ev .was').hidden = !same;
  };
  const ownText = (row, unit) => boxes(row).map(box => { const value = number(box.value); return value === null ? box.value : written(unit ? own(unit, value) : value); }).join('|');
  rows.forEach(row => { row.dataset.own = ownText(row, unitOf(row)); });

  // --- units ---
  const chosen = new Map(all('[data-unit]', form).map(select => [select, select.selectedIndex]));
  const convert = select => {
    const before = select.options[chosen.get(select)], after = select.selectedOptions[0];
    boxes(select.closest('.pr')).forEach(box => {
      const value = number(box.value);
      if (value !== null) box.value = written(back(after, own(before, value)));
    });
    chosen.set(select, select.selectedIndex);
  };

  form.addEventListener('change', event => {
    if (event.target.matches('[data-unit]')) convert(event.target);
    refresh(event.target);
  });
  form.addEventListener('input', event => { if (!event.target.matches('[data-unit]')) refresh(event.target); });
  const refresh = target => {
    form.dataset.dirty = '';
    const row = target.closest('.pr');
    if (row) { draw(row); evidence(row); }
    ready();
  };

  // "Change to 620 g": the figures stay, the unit is the one that was meant.
  form.addEventListener('click', event => {
    const fix = event.target.closest('[data-fix]');
    if (!fix) return;
    const row = fix.closest('.pr'), select = row.querySelector('[data-unit]');
    select.value = fix.dataset.fix;
    chosen.set(select, select.selectedIndex);
    const says = fix.closest('.hint');
    says.hidden = true;
    boxes(row).forEach(box => box.classList.remove('odd'));
    select.dispatchEvent(new Event('change', { bubbles: true }));
    select.focus();
  });

  // Closing the range keeps one value.
  form.addEventListener('toggle', event => {
    if (event.target.matches('details.rng') && !event.target.open) {
      const high = event.target.querySelector('[data-high]');
      if (high.value) { high.value = ''; refresh(high); }
    }
  }, true);

  // --- publishing is possible when nothing is missing; the reason stands beside the button ---
  const publish = form.querySelector('[data-publish]'), why = document.getElementById('why');
  const ready = () => {
    if (!publish || 'never' in publish.dataset) return;
    const missing = all('[data-needed]', form).filter(box => !box.value.trim()).map(box => box.dataset.needed);
    publish.disabled = missing.length > 0;
    why.textContent = missing.length ? `${why.dataset.missing} ${missing.join(document.documentElement.lang === 'en' ? ', ' : '、')}` : '';
  };
  ready();

  // --- nothing typed is lost unasked ---
  let leaving = false;
  form.addEventListener('submit', () => { leaving = true; });
  addEventListener('beforeunload', event => {
    if (!leaving && 'dirty' in form.dataset) { event.preventDefault(); event.returnValue = form.dataset.guard; }
  });
  const summary = document.getElementById('clash') || document.getElementById('problems');
  if (summary) summary.focus();
})();
