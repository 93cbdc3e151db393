// External selects: a combobox whose options the app looks up while somebody types (the pattern of the ARIA practices).
import { addressOf, float, placeOf } from './place.js';

// pause is how long typing rests before the app is asked, in milliseconds.
const pause = 150;

function add(parent, tag, attributes, words = '') {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.textContent = words;
  parent.append(e);
  return e;
}

export function startCombobox(slack) {
  const { root } = slack;
  let open = null; // {id, text, options, active, note, enter} of the input whose list is open; text is what options are for
  let timer = 0;
  let asking = false;
  let wanted = null; // what to ask when the question under way is answered
  const drawn = new WeakMap(); // input -> the words that were in it before the person typed

  const inputOf = () => (open ? document.getElementById(open.id) : null);
  const boxOf = (input) => input.closest('.bk-combobox');
  const listOf = (input) => document.getElementById(input.getAttribute('aria-controls'));
  // query is what is looked for: everything as long as nothing else was typed than what is chosen.
  const query = (input) => (input.value === drawn.get(input) ? '' : input.value.trim());
  // old tells whether the list belongs to other words than those in the input. Nothing in it can be chosen then.
  const old = (input) => open?.options && open.text !== query(input);

  function show(input, more) {
    if (open?.id !== input.id) {
      close();
      open = { id: input.id, options: null, active: -1, note: 'Loading…' };
    }
    Object.assign(open, more);
    draw();
  }

  function close() {
    const input = inputOf();
    open = null;
    wanted = null;
    clearTimeout(timer);
    if (!input) return;
    const list = listOf(input);
    list.hidden = true;
    list.replaceChildren();
    for (const name of ['style', 'aria-busy', 'data-keep']) list.removeAttribute(name);
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  }

  // search asks the app, one question at a time: what it offers for the last one is what can be chosen.
  async function search(input, text) {
    const least = Number(boxOf(input).dataset.min);
    if ([...text].length < least) {
      show(input, { text, options: [], active: -1, note: `Type ${least === 1 ? 'a character' : `${least} characters or more`} to search` });
      return;
    }
    if (asking) {
      wanted = text;
      return;
    }
    asking = true;
    const box = boxOf(input);
    const { block, action } = addressOf(box);
    const place = placeOf(box);
    if (!open?.options) show(input, { note: 'Loading…' });
    const answer = await slack.post('options', { view: place.view ?? place.kind, block, action, text });
    asking = false;
    const next = wanted;
    wanted = null;
    const now = inputOf();
    if (now && next !== null) search(now, next);
    else if (now && open.id === input.id) offer(now, text, answer);
  }

  // offer shows what the app answered, or Slack's sentence when it did not.
  function offer(input, text, { ok, data }) {
    if (!ok || data.failed) show(input, { text, options: [], active: -1, note: data.failed ?? data.error });
    else show(input, { text, options: data, active: data.length && text ? 0 : -1, note: data.length ? '' : 'No results' });
    if (open.enter && open.active >= 0 && !old(input)) choose(input, open.options[open.active]);
  }

  function draw() {
    const input = inputOf();
    if (!input) {
      open = null;
      return;
    }
    const list = listOf(input);
    list.dataset.keep = '';
    list.replaceChildren();
    let group = null;
    let parent = list;
    (open.options ?? []).forEach((o, i) => {
      if ((o.group ?? '') !== group) {
        group = o.group ?? '';
        parent = list;
        if (group) {
          parent = add(list, 'li', { role: 'group', 'aria-labelledby': `${list.id}~g${i}` });
          add(parent, 'div', { id: `${list.id}~g${i}`, class: 'bk-group-label', role: 'presentation' }, group);
          parent = add(parent, 'ul', { role: 'presentation', class: 'sl-group' });
        }
      }
      const line = add(parent, 'li', { role: 'option', id: `${list.id}~${i}`, 'data-index': i, 'aria-selected': String(i === open.active) });
      add(line, 'span', { class: 'bk-option-text', dir: 'auto' }, o.text);
      if (o.description) add(line, 'span', { class: 'bk-option-description', dir: 'auto' }, o.description);
    });
    if (open.note) add(list, 'li', { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false', class: 'bk-nothing' }, open.note);
    list.hidden = false;
    list.setAttribute('aria-busy', String(Boolean(old(input))));
    input.setAttribute('aria-expanded', 'true');
    float(list, input, { wide: true });
    point(open.active);
  }

  // point moves the mark in the list; the focus stays in the input.
  function point(i) {
    const input = inputOf();
    const list = listOf(input);
    open.active = i;
    for (const line of list.querySelectorAll('[data-index]')) {
      const is = Number(line.dataset.index) === i;
      line.setAttribute('aria-selected', String(is));
      if (is) line.scrollIntoView({ block: 'nearest' });
    }
    if (i < 0) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', `${list.id}~${i}`);
  }

  function choose(input, option) {
    close();
    const box = boxOf(input);
    input.value = option.text;
    box.dataset.value = option.value;
    drawn.set(input, option.text);
    slack.inputs.send(box, option.value);
  }

  // leave puts back the words of what is chosen. An input that need not be filled is emptied by emptying it.
  function leave(input) {
    const box = boxOf(input);
    if (open?.id === input.id) close();
    const before = drawn.get(input) ?? input.defaultValue;
    if (input.value === '' && before !== '' && !box.dataset.required) {
      drawn.set(input, '');
      box.dataset.value = '';
      slack.inputs.send(box, null);
    } else {
      input.value = before;
    }
  }

  const target = (e) => e.target.closest?.('.bk-combobox input[role="combobox"]');
  root.addEventListener('focusin', (e) => {
    const input = target(e);
    if (!input) return;
    drawn.set(input, input.value);
    input.select();
  });
  root.addEventListener('focusout', (e) => { if (target(e) && target(e).isConnected) leave(target(e)); });
  root.addEventListener('input', (e) => {
    const input = target(e);
    if (!input) return;
    clearTimeout(timer);
    show(input, { enter: false, ...(open?.options ? {} : { note: 'Loading…' }) });
    timer = setTimeout(() => search(input, query(input)), pause);
  });
  root.addEventListener('click', (e) => {
    const input = target(e);
    if (input && open?.id !== input.id) search(input, query(input));
  });
  // What is under the pointer when it goes down is chosen: by the time it comes up, a later answer may have moved the list.
  // The list must not take the focus from the input either. A screen reader clicks without a pointer.
  function take(e) {
    const line = e.target.closest('.bk-combobox [data-index]');
    if (line && open && !old(inputOf())) choose(inputOf(), open.options[Number(line.dataset.index)]);
  }
  root.addEventListener('mousedown', (e) => {
    if (!e.target.closest('.bk-combobox [role="listbox"]')) return;
    e.preventDefault();
    if (e.button === 0) take(e);
  });
  root.addEventListener('click', take);
  root.addEventListener('keydown', (e) => {
    const input = target(e);
    if (!input || e.isComposing) return;
    const shown = open?.id === input.id;
    const n = shown ? open.options?.length ?? 0 : 0;
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      if (!shown) search(input, query(input));
      else if (n) point(e.key === 'ArrowDown' ? (open.active + 1) % n : (open.active + n - (open.active < 0 ? 0 : 1)) % n);
    } else if (e.key === 'Enter') {
      e.preventDefault();
      if (shown && old(input)) open.enter = true; // What comes is meant.
      else if (shown && open.active >= 0) choose(input, open.options[open.active]);
    } else if (e.key === 'Escape' && shown) {
      e.preventDefault();
      input.value = drawn.get(input) ?? input.defaultValue;
      close();
    }
  });
  root.addEventListener('scroll', (e) => {
    const input = inputOf();
    if (input && e.target !== listOf(input)) float(listOf(input), input, { wide: true });
  }, { capture: true, passive: true });

  function restore() {
    if (!open) return;
    const input = inputOf();
    if (!input) {
      open = null;
      return;
    }
    const list = listOf(input);
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    if (open.active >= 0) input.setAttribute('aria-activedescendant', `${list.id}~${open.active}`);
    float(list, input, { wide: true });
  }
  return { restore };
}
