// @slack/bolt judges the Slack of the sandbox: Slack's own framework in Socket Mode, with a small app that is not Usher.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import bolt from '@slack/bolt';
import { Control, environment, unique, until } from './sandbox.mjs';

const env = environment();
const control = new Control(env.control);

const plain = (text) => ({ type: 'plain_text', text, emoji: false });
const mrkdwn = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const button = (action_id, text, more = {}) => ({ type: 'button', action_id, text: plain(text), ...more });

const HOME = unique('home'); // tells this run's Home tab from an earlier one's
const APPS = ['GitHub', 'GitLab', 'Figma', 'Snowflake'];
const option = (name) => ({ text: plain(name), value: name.toLowerCase() });

const loading = { type: 'modal', callback_id: 'ask', title: plain('Access'), blocks: [mrkdwn('One moment…')] };

const form = {
  type: 'modal', callback_id: 'ask', title: plain('Access'), submit: plain('Ask'), close: plain('Cancel'),
  private_metadata: 'kept-by-slack',
  blocks: [
    {
      type: 'input', block_id: 'app', label: plain('Application'),
      element: { type: 'external_select', action_id: 'choose', min_query_length: 2, placeholder: plain('Type a name') },
    },
    { type: 'input', block_id: 'why', label: plain('Why'), element: { type: 'plain_text_input', action_id: 'words', multiline: true } },
  ],
};

const question = (app, why) => [
  { type: 'header', text: plain('Somebody asks for access') },
  mrkdwn(`*${app}*: ${why}`),
  { type: 'actions', block_id: 'decide', elements: [button('approve', 'Approve', { value: 'request-1', style: 'primary' })] },
];

/** The small app. It notes in seen what reached it. */
function build(seen) {
  const app = new bolt.App({
    token: env.slackBotToken, appToken: env.slackAppToken, socketMode: true, logLevel: bolt.LogLevel.ERROR,
    clientOptions: { slackApiUrl: env.slackURL, retryConfig: { retries: 1 } },
  });
  app.error(async (error) => { seen.errors.push(error); });

  app.command('/access', async ({ ack, command, client }) => {
    await ack();
    seen.commands.push(command);
    const { view } = await client.views.open({ trigger_id: command.trigger_id, view: loading });
    const update = await client.views.update({ view_id: view.id, hash: view.hash, view: form });
    seen.views.push(update.view);
  });
  app.command('/whoami', async ({ ack, command }) => {
    await ack({ response_type: 'ephemeral', text: `You are ${command.user_name}.` });
  });
  app.options({ action_id: 'choose', block_id: 'app' }, async ({ ack, options }) => {
    const typed = options.value.toLowerCase();
    await ack({ options: APPS.filter((name) => name.toLowerCase().startsWith(typed)).map(option) });
  });
  app.view('ask', async ({ ack, view, body, client }) => {
    const { choose } = view.state.values.app;
    const { value: why } = view.state.values.why.words;
    if (why.length < 10) {
      await ack({ response_action: 'errors', errors: { why: 'Say it in a few more words.' } });
      return;
    }
    await ack();
    seen.submissions.push({ metadata: view.private_metadata, user: body.user, team: body.team.id });
    const text = `${choose.selected_option.text.text} for ${body.user.id}: ${why} Approve in Slack.`;
    seen.posted.push(await client.chat.postMessage({
      channel: seen.approver, text, blocks: question(choose.selected_option.text.text, why),
      metadata: { event_type: 'request_asked', event_payload: { id: 'request-1' } }, unfurl_links: false, unfurl_media: false,
    }));
  });
  app.action({ action_id: 'approve', block_id: 'decide' }, async ({ ack, action, body, client }) => {
    await ack();
    seen.clicks.push({ value: action.value, user: body.user.id, ts: body.message.ts, container: body.container });
    await client.chat.update({
      channel: body.channel.id, ts: body.message.ts, text: 'Approved.', blocks: [mrkdwn(`Approved by <@${body.user.id}>.`)],
    });
  });
  app.event('app_home_opened', async ({ event, client }) => {
    if (event.tab !== 'home') return;
    seen.homes.push(event);
    if (event.view?.callback_id === HOME) return; // it is there already
    const blocks = [{ type: 'header', text: plain('Your access') }, { type: 'actions', elements: [button('refresh', 'Refresh')] }];
    seen.published.push(await client.views.publish({ user_id: event.user, view: { type: 'home', callback_id: HOME, blocks } }));
  });
  app.action('refresh', async ({ ack, body, client }) => {
    await ack();
    const view = { type: 'home', callback_id: HOME, blocks: [{ type: 'header', text: plain('Refreshed') }] };
    seen.published.push(await client.views.publish({ user_id: body.user.id, hash: body.view.hash, view }));
  });
  app.action('again', async ({ ack, respond }) => {
    await ack();
    await respond({ replace_original: true, text: 'Replaced through the response address.' });
  });
  return app;
}

describe('bolt in Socket Mode', { timeout: 120_000 }, () => {
  const seen = { errors: [], commands: [], views: [], submissions: [], posted: [], clicks: [], homes: [], published: [], approver: '' };
  const app = build(seen);
  let maya;
  let tomas;
  const quiet = () => assert.deepEqual(seen.errors, []);

  before(async () => {
    maya = await control.whois('maya');
    tomas = await control.whois('tomas');
    seen.approver = tomas.Slack;
    await app.start();
  });
  after(async () => { await app.stop(); });

  it('knows itself and the people', async () => {
    const me = await app.client.auth.test();
    assert.ok(me.ok && me.user_id && me.bot_id && me.team_id);
    const { user } = await app.client.users.info({ user: maya.Slack });
    assert.equal(user.profile.email, maya.Email);
    const found = await app.client.users.lookupByEmail({ email: maya.Email });
    assert.equal(found.user.id, maya.Slack);
    let people = 0;
    let pages = 0;
    for await (const page of app.client.paginate('users.list', { limit: 25 })) {
      people += page.members.length;
      pages += 1;
    }
    assert.ok(people > 30 && pages > 1, `${people} people on ${pages} pages`);
  });

  it('answers a command in the acknowledgement', async () => {
    const { Ephemeral } = await control.person('maya', 'command', { command: '/whoami' });
    assert.deepEqual(Ephemeral.map((m) => m.Text), ['You are maya.']);
    quiet();
  });

  it('acknowledges /access, opens a modal and updates it', async () => {
    const { Delivery } = await control.person('maya', 'command', { command: '/access', text: 'github please' });
    assert.equal(Delivery.Acked, true);
    const { view } = await until('the form in front of maya', async () => {
      quiet();
      const now = await control.look('maya');
      return now.open && now.view.Submit === 'Ask' && now;
    });
    assert.equal(seen.commands.at(-1).text, 'github please');
    assert.equal(seen.commands.at(-1).user_id, maya.Slack);
    await until('the answer of views.update', () => seen.views.length > 0);
    assert.equal(seen.views.at(-1).id, view.ID);
    assert.equal(seen.views.at(-1).hash, view.Hash);
  });

  it('offers the options of an external select', async () => {
    const offered = await control.person('maya', 'options', { block: 'app', action: 'choose', text: 'git' });
    assert.deepEqual(offered.map((o) => o.Text), ['GitHub', 'GitLab']);
    const nothing = await control.person('maya', 'options', { block: 'app', action: 'choose', text: 'zzz' });
    assert.deepEqual(nothing ?? [], []);
    await control.person('maya', 'options', { block: 'app', action: 'choose', text: 'git' });
    await control.person('maya', 'set', { block: 'app', action: 'choose', value: 'github' });
    quiet();
  });

  it('refuses a submission beside the input', async () => {
    const empty = await control.person('maya', 'submit');
    assert.equal(empty.Sent, false, 'Slack itself holds back a form with an empty input');
    await control.person('maya', 'set', { block: 'why', action: 'words', value: 'Because' });
    const refused = await control.person('maya', 'submit');
    assert.deepEqual(refused.Errors, { why: 'Say it in a few more words.' });
    assert.equal(refused.Sent, true);
    assert.equal(refused.Closed, false);
    assert.equal((await control.look('maya')).open, true);
    quiet();
  });

  it('takes a submission, closes the modal and posts a DM with a button', async () => {
    await control.person('maya', 'set', { block: 'why', action: 'words', value: 'I review the pull requests of my team.' });
    const sent = await control.person('maya', 'submit');
    assert.ok(!sent.Errors || Object.keys(sent.Errors).length === 0);
    assert.equal(sent.Closed, true);
    assert.equal((await control.look('maya')).open, false);
    const [posted] = await until('the answer of chat.postMessage', () => { quiet(); return seen.posted.length > 0 && seen.posted; });
    assert.match(posted.channel, /^D/);
    assert.equal(posted.message.blocks.length, 3);
    const message = (await control.truth()).messages.tomas.find((m) => m.TS === posted.ts);
    assert.match(message.Text, /^GitHub for U0MAYA: I review the pull requests of my team\./);
    assert.equal(message.Metadata.event_type, 'request_asked');
    const [{ metadata, user, team }] = seen.submissions;
    assert.equal(metadata, 'kept-by-slack');
    assert.equal(user.id, maya.Slack);
    assert.equal(team, (await app.client.auth.test()).team_id);
  });

  it('handles the click and updates the message', async () => {
    const [{ ts, channel }] = seen.posted;
    const { Delivery } = await control.person('tomas', 'click', { action: 'approve', message: ts });
    assert.equal(Delivery.Acked, true);
    const message = await until('the updated message', async () => {
      quiet();
      return (await control.look('tomas')).messages.find((m) => m.TS === ts && m.Text === 'Approved.');
    });
    assert.equal(message.Blocks.length, 1);
    assert.match(message.Blocks[0].text.text, /^Approved by <@U0TOMAS/);
    assert.ok(!message.EditedAt.startsWith('0001'), 'the message is not marked as edited');
    assert.deepEqual(seen.clicks, [{
      value: 'request-1', user: tomas.Slack, ts,
      container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false },
    }]);
  });

  it('publishes Home when it is opened, and again after a click there', async () => {
    const heading = async () => (await control.person('maya', 'home')).Blocks[0].text.text;
    const published = (n) => until(`answer ${n} of views.publish`, () => { quiet(); return seen.published.length === n; });
    await control.person('maya', 'home');
    await published(1);
    assert.equal(seen.homes[0].user, maya.Slack);
    assert.equal(await heading(), 'Your access');
    const { Delivery } = await control.person('maya', 'click', { action: 'refresh', home: true });
    assert.equal(Delivery.Acked, true);
    await published(2);
    assert.equal(await heading(), 'Refreshed');
    await until('the event that carries the view', () => seen.homes.at(-1).view?.hash === seen.published[1].view.hash);
    quiet();
  });

  it('answers through the response address', async () => {
    const blocks = [{ type: 'actions', block_id: 'b', elements: [button('again', 'Again')] }];
    const { ts } = await app.client.chat.postMessage({ channel: maya.Slack, text: 'Press it.', blocks });
    await control.person('maya', 'click', { action: 'again', message: ts });
    await until('the replaced message', async () => {
      quiet();
      const now = (await control.look('maya')).messages.find((m) => m.TS === ts);
      return now.Text === 'Replaced through the response address.';
    });
  });

  it('waits as long as a rate limit tells it to', async () => {
    await control.failOnce('slack', 'users.info', 'rate_limit', '1s');
    const started = Date.now();
    const { user } = await app.client.users.info({ user: maya.Slack });
    assert.equal(user.id, maya.Slack);
    const waited = Date.now() - started;
    assert.ok(waited >= 990, `it came back after ${waited} ms`);
  });

  it('is refused what Slack refuses, with the codes of Slack', async () => {
    const check = (call, error) => assert.rejects(call, (e) => {
      assert.equal(e.code, 'slack_webapi_platform_error');
      assert.equal(e.data.error, error);
      return true;
    });
    const { chat, views, users } = app.client;
    const used = seen.commands.at(-1).trigger_id;
    await check(views.open({ trigger_id: used, view: form }), 'exchanged_trigger_id');
    await check(chat.postMessage({ channel: 'C0NOWHERE', text: 'x' }), 'channel_not_found');
    await check(chat.postMessage({ channel: maya.Slack, text: 'x', blocks: [{ type: 'section' }] }), 'invalid_blocks');
    await check(chat.update({ channel: seen.posted[0].channel, ts: '1.000001', text: 'x' }), 'message_not_found');
    await check(users.info({ user: 'U0NOBODY' }), 'user_not_found');
    quiet();
  });
});
