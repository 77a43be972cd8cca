// Tills, transactions, money that was sent, reversals, what is pending, and the sum that must be zero.

import { post } from './api.js';
import { act, badge, byId, dayAndTime, el, keyed, money, showIf, timeOf } from './dom.js';

/** How many transactions the table shows. The filters apply to all that were read. */
const SHOWN = 200;

const KINDS = { buygoods: 'Customer', b2b: 'Business', card: 'Card' };
const STATUS = { received: ['Received', 'good'], pending_reversal: ['Being reversed', ''], reversed: ['Reversed', 'bad'] };

let latest = { state: { tills: [] }, transactions: [], batches: [], reversals: [], pending: { due: [], waiting: [], deliveries: [] } };
let knownTills = '';

export function initMoney() {
  for (const id of ['search', 'kind-filter', 'status-filter', 'till-filter']) byId(id).addEventListener('input', showTransactions);
  byId('empty-tills').addEventListener('change', showTills);
}

export function showMoney(money) {
  latest = money;
  showSum();
  showTills();
  showTillFilter();
  showTransactions();
  showRequests('batches', latest.batches, makeBatch);
  showRequests('reversals', latest.reversals, makeReversal);
  showPending();
}

function showSum() {
  const { state } = latest;
  const balanced = /^-?0(\.0+)?$/.test(state.unaccounted);
  const parts = [
    ['There at the start', state.opening_balance], ['Received', state.received], ['Reversed', `-${state.reversed}`],
    ['Sent', `-${state.paid_out}`], ['In the tills', state.available],
  ];
  byId('sum').replaceChildren(
    el('dl', {}, ...parts.flatMap(([name, amount]) => [el('dt', {}, name), el('dd', {}, money(amount.replace(/^-0$/, '0')))])),
    el('p', {}, 'Unaccounted: ', el('strong', { id: 'unaccounted' }, `KES ${money(state.unaccounted)}`), ' ',
      balanced ? badge('It is zero, as it must be', 'good') : badge('It must be zero: a defect in the sandbox', 'bad')),
  );
}

function showTills() {
  const all = byId('empty-tills').checked;
  const tills = latest.state.tills.filter(({ balance }) => all || balance !== '0');
  keyed(byId('tills'), tills, ({ number }) => number, () => {
    const card = el('div', { class: 'card till' });
    card.update = ({ number, name, balance }) => card.replaceChildren(
      el('p', { class: 'muted' }, name), el('p', { class: 'amount' }, `KES ${money(balance)}`), el('p', {}, number),
    );
    return card;
  });
}

function showTillFilter() {
  const numbers = latest.state.tills.map(({ number }) => number);
  if (numbers.join() === knownTills) return;
  knownTills = numbers.join();
  const filter = byId('till-filter');
  const chosen = filter.value;
  filter.replaceChildren(el('option', { value: '' }, 'All'), ...numbers.map((number) => el('option', { value: number }, number)));
  filter.value = numbers.includes(chosen) ? chosen : '';
}

function showTransactions() {
  const [kind, status, till] = ['kind-filter', 'status-filter', 'till-filter'].map((id) => byId(id).value);
  const words = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = latest.transactions.filter((one) => {
    const text = [one.reference, one.payer, one.name ?? '', one.amount, money(one.amount), one.till_number].join(' ').toLowerCase();
    return (!kind || one.kind === kind) && (!status || one.status === status) && (!till || one.till_number === till)
      && words.every((word) => text.includes(word));
  });
  const shown = found.slice(0, SHOWN);
  keyed(byId('transactions'), shown, ({ reference }) => reference, makeTransaction);
  byId('transaction-count').textContent = `${found.length} of the latest ${latest.transactions.length} transactions`
    + (found.length > SHOWN ? `, the first ${SHOWN} are shown` : '');
}

function makeTransaction({ reference, kind }) {
  const row = el('tr');
  const way = kind === 'card' ? ['void', 'Void'] : ['reverse', 'Reverse'];
  row.update = (one) => {
    const [status, tone] = STATUS[one.status];
    const button = el('button', { type: 'button', class: 'quiet', 'aria-label': `${way[1]} ${reference}` }, way[1]);
    button.addEventListener('click', () => act(button, () => post(`/transactions/${encodeURIComponent(reference)}/${way[0]}`), `${reference} went back`));
    row.replaceChildren(
      el('td', {}, timeOf(one.at)), el('td', {}, reference),
      el('td', {}, `${KINDS[kind]} ${one.payer}`, one.name ? el('span', { class: 'muted' }, ` ${one.name}`) : ''),
      el('td', {}, one.till_number), el('td', { class: 'number' }, money(one.amount)), el('td', {}, badge(status, tone)),
      el('td', {}, one.status === 'received' ? button : ''),
    );
  };
  return row;
}

function showRequests(id, list, make) {
  keyed(byId(id), list.slice(0, 50), (one) => one.id, make);
  showIf(byId(`no-${id}`), list.length === 0);
}

const tone = (status) => ({ Transferred: 'good', Processed: 'good', Cancelled: 'bad' })[status] ?? '';

function makeBatch() {
  const item = el('li', { class: 'card' });
  item.update = ({ id, attributes }) => {
    const batches = attributes.transfer_batches ?? [];
    const lines = batches.flatMap((batch) => batch.disbursements ?? []).map((one) => el('li', {},
      `KES ${money(one.amount)} to ${one.phone_number ?? one.account_number ?? one.till_number ?? one.paybill_number ?? one.destination_reference} `,
      badge(one.status, tone(one.status)), one.errors ? ` ${one.errors.join('; ')}` : ''));
    const wanting = (attributes.destinations ?? []).map((one) => el('li', { class: 'muted' },
      `KES ${money(String(one.amount))} to ${one.phone_number ?? one.account_number ?? one.till_number ?? one.paybill_number ?? one.reference}`));
    item.replaceChildren(
      el('p', {}, badge(attributes.status, tone(attributes.status)), ` ${dayAndTime(attributes.created_at)}`),
      el('ul', {}, ...(lines.length > 0 ? lines : wanting), batches.length + wanting.length === 0 ? el('li', { class: 'muted' }, 'Everything, to your own account') : ''),
      attributes.errors ? el('p', { class: 'error' }, attributes.errors.join('; ')) : '',
      el('p', { class: 'muted id' }, id),
    );
  };
  return item;
}

function makeReversal() {
  const item = el('li', { class: 'card' });
  item.update = ({ id, attributes }) => {
    const paid = attributes.reversal_bulk_payment;
    item.replaceChildren(
      el('p', {}, badge(attributes.status, tone(attributes.status)), ` ${attributes.transaction_reference} `,
        paid ? badge(`KES ${money(paid.amount)} ${paid.status}`, tone(paid.status)) : ''),
      el('p', {}, attributes.reason),
      attributes.errors ? el('p', { class: 'error' }, attributes.errors.join('; ')) : '',
      el('p', { class: 'muted id' }, id),
    );
  };
  return item;
}

function showPending() {
  const { due, waiting, deliveries } = latest.pending;
  const planned = new Set(due.map(({ id }) => id));
  const list = [
    ...due.map(({ what, section, id, at }) => ({ key: `due ${id} ${what}`, text: `${what}: ${section} ${id}, at ${dayAndTime(at)}` })),
    ...waiting.filter(({ id }) => !planned.has(id))
      .map(({ section, id, status }) => ({ key: `waiting ${id}`, text: `${section} ${id} is ${status}, and waits for a person` })),
    ...deliveries.map(({ id, topic }) => ({ key: `delivery ${id}`, text: `delivery ${id} of ${topic}` })),
  ].slice(0, 200);
  keyed(byId('pending'), list, ({ key }) => key, ({ text }) => el('li', {}, text));
  showIf(byId('no-pending'), list.length === 0);
}
