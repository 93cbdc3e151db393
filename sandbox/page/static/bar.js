// The bar on top: the clock runs, its buttons move it, the switches break and mend the vendors, the tour plays.
export function startBar(root, page) {
  let ahead = 0; // By how much the company's clock is ahead of this machine's.
  const set = () => {
    const clock = root.querySelector('#clock');
    ahead = Number(clock.dataset.now) - Date.now();
    tick();
  };
  const short = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
  const full = new Intl.DateTimeFormat('en-GB', { weekday: 'short', ...short, second: '2-digit' });
  const brief = new Intl.DateTimeFormat('en-GB', short);
  const narrow = matchMedia('(max-width: 520px)');
  function tick() {
    const clock = root.querySelector('#clock');
    const now = new Date(Date.now() + ahead);
    clock.textContent = (narrow.matches ? brief : full).format(now);
    clock.dateTime = now.toISOString();
  }
  set();
  page.on('updated', (name) => { if (name === 'bar') set(); });
  setInterval(tick, 1000);

  async function ask(path, body, button) {
    if (button) button.disabled = true;
    const { ok, data } = await page.post(path, body);
    if (button) button.disabled = false;
    if (!ok) page.toast(data.error);
  }
  root.addEventListener('click', (e) => {
    const b = e.target.closest('button');
    if (!b) return;
    if (b.dataset.advance) ask('/clock', { Advance: b.dataset.advance }, b);
    else if ('due' in b.dataset) ask('/clock', { To: 'due' }, b);
    else if (b.dataset.tour) ask('/tour', { Do: b.dataset.tour }, b);
    else if ('reset' in b.dataset) ask('/reset', {}, b);
  });
  root.addEventListener('change', (e) => {
    const vendor = e.target.dataset.fault;
    if (vendor) ask('/faults', { Vendor: vendor, Kind: e.target.value });
  });
}
