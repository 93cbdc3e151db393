// The line at the foot of a conversation, where commands are typed.
export function startComposer(slack) {
  const { root } = slack;
  let sending = false;
  let gone = ''; // the text for which Escape has closed the suggestions

  const text = () => root.querySelector('.sl-text');
  const list = () => root.querySelector('#sl-commands');
  const fitting = () => [...(list()?.querySelectorAll('[data-command]') ?? [])].filter((b) => !b.hidden);

  function fill(command) {
    text().value = `${command} `;
    text().focus();
    suggest();
  }

  // suggest shows the commands that begin with what is typed.
  function suggest() {
    const typed = text()?.value ?? '';
    if (!list()) return;
    for (const b of list().querySelectorAll('[data-command]')) {
      const whole = typed === b.dataset.command || typed.startsWith(`${b.dataset.command} `);
      b.hidden = !typed.startsWith('/') || !(whole || b.dataset.command.startsWith(typed));
    }
    list().hidden = typed === gone || !fitting().length || document.activeElement !== text();
  }

  async function send() {
    const input = text();
    const words = input.value.trim();
    if (!words || sending) return;
    sending = true;
    restore();
    const answer = await slack.post('command', { text: words, tab: input.form.dataset.tab });
    sending = false;
    slack.tell(answer);
    if (answer.ok && !answer.data.failed) input.value = '';
    slack.follow();
    await slack.draw();
    restore();
  }

  root.addEventListener('submit', (e) => {
    if (e.target.id !== 'sl-composer') return;
    e.preventDefault();
    send();
  });
  root.addEventListener('input', (e) => { if (e.target === text()) suggest(); });
  for (const kind of ['focusin', 'focusout']) {
    root.addEventListener(kind, (e) => { if (e.target === text()) setTimeout(suggest); });
  }
  root.addEventListener('mousedown', (e) => { if (e.target.closest('#sl-commands')) e.preventDefault(); });
  root.addEventListener('click', (e) => {
    const b = e.target.closest('[data-command]');
    if (b) fill(b.dataset.command);
  });
  root.addEventListener('keydown', (e) => {
    if (e.target !== text() || e.isComposing) return;
    const first = list()?.hidden === false ? fitting()[0]?.dataset.command : null;
    const part = first && text().value.length < first.length;
    if (part && (e.key === 'Enter' || e.key === 'Tab')) {
      e.preventDefault();
      fill(first);
    } else if (e.key === 'Escape' && first) {
      e.preventDefault();
      gone = text().value;
      suggest();
    }
  });

  function restore() {
    const form = root.querySelector('#sl-composer');
    if (!form) return;
    if (sending) form.setAttribute('aria-busy', 'true');
    else form.removeAttribute('aria-busy');
    suggest();
  }
  return { restore };
}
