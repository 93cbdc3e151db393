// What the tests ask the page. It is put into every document before the page's own scripts, from outside, so that the page's
// Content-Security-Policy has no say in it.
(() => {
  if (globalThis.usherTest) return;
  const shifts = [];
  const keep = list => {
    for (const e of list) {
      const moved = e.sources.map(s => `${describe(s.node)} from ${s.previousRect.x},${s.previousRect.y} to ${s.currentRect.x},${s.currentRect.y}`);
      shifts.push({ value: e.value, at: e.startTime, expected: e.hadRecentInput, moved });
    }
  };
  const observer = new PerformanceObserver(list => keep(list.getEntries()));
  observer.observe({ type: 'layout-shift', buffered: true });

  const tidy = text => (text || '').replace(/\s+/g, ' ').trim();

  // describe names an element for a person who reads a failure.
  function describe(node) {
    if (!node) return 'something that is gone';
    const e = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
    if (!e) return node.nodeName;
    const id = e.id ? '#' + e.id : '', kind = [...e.classList].map(c => '.' + c).join('');
    const text = tidy(e.innerText).slice(0, 40);
    return `<${e.localName}${id}${kind}>` + (text ? ` "${text}"` : '');
  }

  // shown tells whether an element can be seen by scrolling alone. What is a pixel wide is there for screen readers only.
  function shown(e) {
    if (e.localName === 'option') return e.selected && shown(e.closest('select'));
    if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })) return false;
    return [...e.getClientRects()].some(r => r.width > 1 && r.height > 1);
  }

  // sees tells whether words stand in an element, where they can be seen.
  function sees(root, words) {
    if (!root) return false;
    const has = e => tidy(e.innerText).includes(words);
    const deepest = e => {
      const inner = [...e.children].filter(has);
      return inner.length ? inner.some(deepest) : shown(e);
    };
    return (has(root) && deepest(root)) ||
      [...root.querySelectorAll('input, textarea')].some(e => e.type !== 'hidden' && tidy(e.value).includes(words) && shown(e));
  }

  // find follows the steps of a Place: each takes the last element inside that fits its selector, is shown and has the words.
  function find(steps) {
    let here = document.documentElement;
    for (const { selector, words } of steps) {
      const all = [...here.querySelectorAll(selector)].filter(e => shown(e) && (!words || sees(e, words)));
      here = all.at(-1);
      if (!here) return null;
    }
    return here;
  }

  // aim returns where to click on an element, or why that cannot be done.
  function aim(e) {
    if (!e.isConnected) return { why: 'it has just been replaced' };
    // An input that is drawn by its label is clicked there.
    const target = !shown(e) && e.labels?.length ? e.labels[0] : e;
    if (!shown(target)) return { why: 'it cannot be seen' };
    if (e.matches(':disabled') || e.closest('[aria-disabled=true]')) return { why: 'it is disabled' };
    const mine = hit => hit && (target.contains(hit) || [...(e.labels || [])].some(l => l.contains(hit)));
    let hit;
    for (const block of ['nearest', 'center']) {
      target.scrollIntoView({ block, inline: 'nearest', behavior: 'instant' });
      const r = [...target.getClientRects()].find(r => r.width > 1 && r.height > 1);
      const x = r.x + r.width / 2, y = r.y + r.height / 2;
      hit = document.elementFromPoint(x, y);
      if (mine(hit)) return { x, y };
    }
    return { why: hit ? `${describe(hit)} covers it` : 'it is outside the window' };
  }

  // change is fulfilled when the document changes, and from time to time without, for what no observer sees.
  const change = () => new Promise(done => {
    const o = new MutationObserver(end);
    const timer = setTimeout(end, 50);
    function end() { o.disconnect(); clearTimeout(timer); requestAnimationFrame(done); }
    o.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });

  // box is the place of an element in the document, for a picture of it.
  function box(e) {
    const r = e.getBoundingClientRect();
    return { x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height };
  }

  // ring tells whether an element shows that it has the focus.
  function ring(e) {
    const s = getComputedStyle(e);
    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1 && !/, 0\)$|transparent/.test(s.outlineColor) || s.boxShadow !== 'none';
  }

  globalThis.usherTest = {
    find, sees, shown, aim, change, box, ring, describe, text: e => tidy(e?.innerText),
    shifts: () => { keep(observer.takeRecords()); return shifts; },
  };
})();
