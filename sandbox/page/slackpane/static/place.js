// Where an element of Block Kit stands, and how to find it again after the pane was drawn anew.

// placeOf is the place of an element as the server's verbs take it.
export function placeOf(element) {
  const box = element.closest('[data-place]');
  switch (box?.dataset.place) {
    case 'message': return { kind: 'message', channel: box.dataset.channel, ts: box.dataset.ts };
    case 'view': return { kind: 'view', view: box.dataset.view };
    default: return { kind: 'home' };
  }
}

// addressOf names an element: its place, block and action.
export function addressOf(element) {
  const { block, action } = element.dataset;
  return { box: element.closest('[data-place]')?.id ?? '', block, action };
}

// keyOf is that name as a key of a Map.
export function keyOf({ box, block, action }) {
  return JSON.stringify([box, block, action]);
}

// find looks an element up by its address; a line of an overflow menu is found by its menu.
export function find({ box, block, action }) {
  return document.getElementById(box)?.querySelector(
    `[data-block="${CSS.escape(block)}"][data-action="${CSS.escape(action)}"]:not([data-kind="overflow-option"])`) ?? null;
}

// float puts a list or menu beside what it belongs to, above everything and within the window.
export function float(list, beside, { wide = false, most = 320 } = {}) {
  list.style.position = 'fixed'; // Before anything is measured: in the flow it would move what it belongs to.
  const at = beside.getBoundingClientRect();
  const below = innerHeight - at.bottom - 12;
  const above = at.top - 12;
  list.style.maxHeight = '';
  const up = below < Math.min(list.scrollHeight, most) && above > below;
  const style = { maxHeight: `${Math.min(most, up ? above : below)}px`, top: 'auto', bottom: 'auto', right: 'auto' };
  if (wide) style.width = `${at.width}px`;
  const width = wide ? at.width : list.offsetWidth;
  style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  if (up) style.bottom = `${innerHeight - at.top + 4}px`;
  else style.top = `${at.bottom + 4}px`;
  Object.assign(list.style, style);
}
