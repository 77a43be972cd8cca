// Requests, callbacks and webhooks in the order of time, with all that crossed the network.

import { get, post } from './api.js';
import { act, badge, byId, copyButton, el, keyed, notify, showIf, timeOf } from './dom.js';

/** How many are kept here, and how many are shown. */
const KEPT = 1000;
const SHOWN = 200;

const entries = new Map();
let waiting = false;

export function initTraffic() {
  for (const id of ['traffic-search', 'traffic-filter']) byId(id).addEventListener('input', show);
}

export async function loadTraffic() {
  const [requests, deliveries] = await Promise.all([get('/requests'), get('/deliveries')]);
  entries.clear();
  requests.slice(-KEPT).forEach(keepRequest);
  deliveries.slice(-KEPT).forEach(keepDelivery);
  show();
}

export function addRequest(request) {
  keepRequest(request);
  showSoon();
}

export function addDelivery(delivery) {
  keepDelivery(delivery);
  showSoon();
}

function keepRequest(request) {
  keep({ key: `in ${request.sequence}`, order: request.sequence, way: 'in', at: request.at, request });
}

function keepDelivery(delivery) {
  keep({ key: `out ${delivery.id}`, order: delivery.id, way: 'out', at: delivery.at, delivery });
}

function keep(entry) {
  entries.set(entry.key, entry);
  if (entries.size > 2 * KEPT) entries.delete(entries.keys().next().value);
}

/** Many events are shown at once. */
function showSoon() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    show();
  }, 60);
}

const isBad = ({ request, delivery }) =>
  (request ? !(request.status < 400) : delivery.withheld || (!delivery.delivered && delivery.attempts.length > 0));

function show() {
  const filter = byId('traffic-filter').value;
  const words = byId('traffic-search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (entry) => {
    if (filter === 'bad' ? !isBad(entry) : filter && filter !== entry.way) return false;
    const { request, delivery } = entry;
    const text = request
      ? `${request.operation ?? ''} ${request.method} ${request.path} ${JSON.stringify(request.body)}`
      : `${delivery.topic} ${delivery.url} ${delivery.body}`;
    return words.every((word) => text.toLowerCase().includes(word));
  };
  // A request comes before the callbacks that it causes.
  const all = [...entries.values()].sort((one, other) =>
    other.at.localeCompare(one.at) || (one.way === other.way ? other.order - one.order : one.way === 'in' ? 1 : -1));
  const found = all.filter(matches);
  keyed(byId('traffic'), found.slice(0, SHOWN), ({ key }) => key, makeEntry);
  byId('traffic-count').textContent = `${found.length} of ${all.length}` + (found.length > SHOWN ? `, the latest ${SHOWN} are shown` : '');
  showIf(byId('no-traffic'), all.length === 0);
}

function makeEntry(first) {
  const summary = el('summary');
  const content = el('div', { class: 'detail' });
  const details = el('details', {}, summary, content);
  const item = el('li', { class: first.way }, details);
  let entry = first;
  const fill = () => {
    if (details.open) content.replaceChildren(...(entry.request ? requestDetail(entry.request) : deliveryDetail(entry.delivery)));
  };
  details.addEventListener('toggle', fill);
  item.update = (next) => {
    entry = next;
    summary.replaceChildren(...(entry.request ? requestSummary(entry.request) : deliverySummary(entry.delivery)));
    fill();
  };
  return item;
}

function requestSummary({ at, method, path, operation, status, fault, refused_because }) {
  const tone = status === null ? '' : status < 400 ? 'good' : 'bad';
  return [
    el('time', { class: 'muted', datetime: at }, timeOf(at)), ' ', el('span', { class: 'way' }, 'request'), ' ',
    el('strong', {}, operation ?? `${method} ${path}`), ' ', badge(status ?? 'no response', tone), fault ? badge(`fault ${fault}`, 'bad') : '',
    refused_because ? el('span', { class: 'why' }, ` ${refused_because}`) : '',
  ];
}

function deliverySummary({ at, topic, delivered, withheld, attempts }) {
  const [text, tone] = withheld ? ['withheld', 'bad'] : delivered ? ['delivered', 'good']
    : attempts.length > 0 ? ['not accepted', 'bad'] : ['on its way', ''];
  return [
    el('time', { class: 'muted', datetime: at }, timeOf(at)), ' ', el('span', { class: 'way' }, 'callback'), ' ',
    el('strong', {}, topic), ' ', badge(text, tone), attempts.length > 1 ? ` ${attempts.length} attempts` : '',
  ];
}

const pair = (name, value) => [el('dt', {}, name), el('dd', {}, value)];

function block(name, text) {
  return [el('h3', {}, name), el('pre', { tabindex: 0, 'aria-label': name }, text)];
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function requestDetail(request) {
  const { refused_because: why, rule, evidence, fault } = request;
  return [
    why ? el('div', { class: 'refusal' },
      el('p', {}, el('strong', {}, 'Refused: '), why),
      rule ? el('p', {}, 'Rule: ', rule, ' ', badge(evidence)) : el('p', { class: 'muted' }, 'No rule of the list.')) : '',
    fault ? el('p', { class: 'refusal' }, `It met the fault ${fault}.`) : '',
    el('dl', {},
      ...pair('Request', `${request.method} ${request.path}`), ...pair('Status', request.status ?? 'no response'),
      ...pair('Took effect', request.took_effect ? 'yes' : 'no'), ...pair('Access token', request.has_token ? 'yes' : 'no'),
      ...pair('User-Agent', request.user_agent ?? 'none'), ...pair('Connection', request.connection)),
    ...(request.body === null ? [] : block('Body', JSON.stringify(request.body, null, 2))),
    el('div', { class: 'row' }, copyButton('Copy as curl', () => curlOfRequest(request))),
  ];
}

function deliveryDetail(delivery) {
  const resend = el('button', { type: 'button' }, 'Send again');
  resend.addEventListener('click', () => act(resend, () => post(`/deliveries/${delivery.id}/resend`), 'It is sent again'));
  return [
    delivery.withheld ? el('p', { class: 'refusal' }, delivery.withheld_because) : '',
    el('dl', {}, ...pair('To', delivery.url), ...pair('X-KopoKopo-Signature', el('code', {}, delivery.signature))),
    el('h3', {}, 'Attempts'),
    delivery.attempts.length === 0 ? el('p', { class: 'muted' }, 'None yet') : el('ol', {}, ...delivery.attempts.map(({ at, status, error }) =>
      el('li', {}, `${timeOf(at)} `, badge(status ?? error, status >= 200 && status < 300 ? 'good' : 'bad')))),
    ...block('Body', pretty(delivery.body)),
    el('div', { class: 'row' }, resend, copyButton('Copy as curl', () => curlOfDelivery(delivery)), copyButton('Copy the body', () => delivery.body)),
  ];
}

/** A text as one word of a shell. */
const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

export function curlOfRequest({ method, path, has_token: hasToken, content_type: contentType, body, operation }) {
  const parts = ['curl', '--request', method, quoted(location.origin + path)];
  if (hasToken) parts.push('--header', '"Authorization: Bearer $K2_TOKEN"');
  if (operation === 'oauth.token') {
    notify('The credentials are not kept: the command has variables for them');
    parts.push('--data', '"grant_type=client_credentials&client_id=$K2_CLIENT_ID&client_secret=$K2_CLIENT_SECRET"');
  } else if (body !== null) {
    parts.push('--header', quoted(`Content-Type: ${contentType ?? 'application/json'}`), '--data-raw', quoted(JSON.stringify(body)));
  }
  return parts.join(' ');
}

/** With the very bytes that were signed. */
export function curlOfDelivery({ url, signature, body }) {
  return ['curl', '--request', 'POST', quoted(url), '--header', quoted('Content-Type: application/json'),
    '--header', quoted(`X-KopoKopo-Signature: ${signature}`), '--data-raw', quoted(body)].join(' ');
}
