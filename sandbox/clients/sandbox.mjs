// What all three judges share: where the sandbox is, its control API, and waiting without guessing at times.

import assert from 'node:assert/strict';

function setting(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set; see README.md beside this file`);
  return value;
}

/** The names that `usher sandbox` prints, read once. */
export function environment() {
  // Everything here is on loopback: a proxy could only get in between, and some clients obey these by themselves.
  for (const name of ['http_proxy', 'https_proxy', 'all_proxy']) {
    delete process.env[name];
    delete process.env[name.toUpperCase()];
  }
  return {
    control: setting('USHER_SANDBOX_CONTROL').replace(/\/(_sandbox\/?)?$/, ''),
    slackURL: setting('USHER_SLACK_API_URL'),
    slackBotToken: setting('USHER_SLACK_BOT_TOKEN'),
    slackAppToken: setting('USHER_SLACK_APP_TOKEN'),
    jiraURL: setting('USHER_JIRA_URL'),
    jiraEmail: setting('USHER_JIRA_EMAIL'),
    jiraToken: setting('USHER_JIRA_TOKEN'),
    oktaURL: setting('USHER_OKTA_URL'),
    oktaToken: setting('USHER_OKTA_TOKEN'),
  };
}

/** Speaks the control API, which is the sandbox's own and knows what is true. */
export class Control {
  constructor(url) {
    this.url = `${url}/_sandbox/`;
  }

  async ask(path, body) {
    const options = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(this.url + path, options);
    const answer = await response.json();
    assert.equal(response.status, 200, `${path} ${JSON.stringify(body)}: ${answer?.error}`);
    return answer;
  }

  overview() {
    return this.ask('');
  }

  truth() {
    return this.ask('truth');
  }

  calls() {
    return this.ask('calls');
  }

  /** The next call of one operation goes wrong; after is a Go duration such as 1s. */
  failOnce(vendor, name, kind, after) {
    return this.ask('faults', { vendor, name, kind, after, times: 1 });
  }

  /** Somebody at the keyboard: Act in sandbox/control.go lists what people can do. */
  person(who, act, rest = {}) {
    return this.ask('person', { who, do: act, ...rest });
  }

  look(who) {
    return this.person(who, 'look');
  }

  /** The same person by all of their ids. */
  async whois(handle) {
    const { people } = await this.overview();
    const found = people.find((p) => p.Handle === handle);
    assert.ok(found, `${handle} is not among the people`);
    return found;
  }
}

/** Asks again until look() gives something true, and returns that; what names it for the error. */
export async function until(what, look, patience = 10_000) {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, `expected ${what}, and it did not come about within ${patience} ms`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

/** Something that no earlier run on the same sandbox can have used. */
export function unique(prefix) {
  return `${prefix}-${Date.now().toString(36)}-${process.pid}`;
}

/** Reads a paged collection to its end. */
export async function all(collection) {
  const items = [];
  for await (const item of collection) items.push(item);
  return items;
}
