// Links lead to another place of the page; one that leads out of it says where it would lead.
export function startLinks(slack) {
  const { root, page } = slack;

  // follow opens an address as far as the page can.
  function follow(address) {
    const issue = /\/browse\/([A-Z][A-Z0-9_]*-\d+)(?:[?#].*)?$/.exec(address);
    if (issue) page.go({ issue: issue[1], pane: 'jira' });
    else page.toast(`Slack would open ${address}`);
  }

  root.addEventListener('click', (e) => {
    const a = e.target.closest('a[href]');
    if (!a) return;
    const own = a.dataset.tab || a.dataset.older;
    if (own && (e.ctrlKey || e.metaKey || e.shiftKey)) return;
    e.preventDefault();
    if (a.dataset.tab) page.go({ tab: a.dataset.tab, older: null });
    else if (a.dataset.older) page.go({ older: a.dataset.older });
    else follow(a.href);
  });
  // The middle button would leave the page too.
  root.addEventListener('auxclick', (e) => {
    const a = e.target.closest('.bk a[href]');
    if (!a || e.button !== 1) return;
    e.preventDefault();
    follow(a.href);
  });
  return { follow };
}
