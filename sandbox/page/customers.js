// A phone for each customer who is asked to pay or got an SMS, and the payment links.

import { post, put } from './api.js';
import { act, badge, byId, copyButton, dayAndTime, el, keyed, money, showIf, timeOf } from './dom.js';

const MOST_PHONES = 24;
const MOST_MESSAGES = 4;
const PIN_LENGTH = 4;

const HABITS = {
  enter_pin: 'pays', cancel: 'cancels', insufficient_funds: 'has no money', no_answer: 'ignores prompts', wrong_pin: 'enters a wrong PIN',
};

/** Phones in the order in which something came, the newest first, and then those of declared customers. */
function phonesOf({ prompts, messages, customers }) {
  const phones = new Map();
  const phone = (number) => {
    if (!phones.has(number)) phones.set(number, { number, prompts: [], messages: [] });
    return phones.get(number);
  };
  for (const prompt of prompts) phone(prompt.phone_number).prompts.push(prompt);
  for (const message of messages) {
    const { messages: shown } = phone(message.phone_number);
    if (shown.length < MOST_MESSAGES) shown.push(message);
  }
  for (const customer of customers) phone(customer.phone_number).customer = customer;
  return [...phones.values()].slice(0, MOST_PHONES);
}

function described({ name, balance, action, after_seconds: after }) {
  const habit = after === null ? HABITS[action] : `${HABITS[action]} after ${after} s`;
  return [name, balance !== null && `has KES ${money(balance)}`, habit].filter(Boolean).join(', ');
}

export function showCustomers(customers) {
  const phones = phonesOf(customers);
  keyed(byId('phones'), phones, (phone) => phone.number, makePhone);
  showIf(byId('no-phones'), phones.length === 0);
}

function makePhone({ number }) {
  const name = el('p', { class: 'muted' });
  const declared = el('p', { class: 'muted' });
  const prompts = el('div', { class: 'prompts' });
  const messages = el('ul', { class: 'messages', 'aria-label': 'SMS', 'aria-live': 'polite' });
  const article = el('article', { class: 'phone', tabindex: -1, 'aria-label': `Phone ${number}` }, el('h3', {}, `+${number}`), name, declared, prompts, messages);
  article.update = (phone) => {
    name.textContent = phone.prompts.find((prompt) => prompt.name)?.name ?? '';
    declared.textContent = phone.customer ? described(phone.customer) : '';
    keyed(prompts, phone.prompts, (prompt) => prompt.id, makePrompt);
    keyed(messages, phone.messages, (message) => message.number, makeMessage);
  };
  return article;
}

function makeMessage({ at, text }) {
  return el('li', {}, el('time', { class: 'muted', datetime: at }, timeOf(at)), ' ', text);
}

function makePrompt(prompt) {
  const decide = (action, done) => (event) =>
    act(event.currentTarget, () => post(`/incoming_payments/${encodeURIComponent(prompt.id)}/customer`, { action }), done);
  const pin = pinPad(() => pay.click());
  const pay = el('button', { type: 'button', class: 'primary', disabled: true, onClick: decide('enter_pin', 'The customer paid') }, 'Pay');
  pin.onChange = (complete) => { pay.disabled = !complete; };
  const metadata = Object.entries(prompt.metadata);
  return el(
    'div',
    { class: 'prompt', role: 'group', 'aria-label': `Pay KES ${money(prompt.amount)} to ${prompt.till_name}` },
    el('p', { class: 'amount' }, `KES ${money(prompt.amount)}`),
    el('p', {}, `Pay ${prompt.till_name} (${prompt.till_number})?`),
    metadata.length > 0 && el('p', { class: 'muted' }, metadata.map(([name, value]) => `${name}: ${value}`).join(', ')),
    pin.element,
    el('div', { class: 'row' }, pay, el('button', { type: 'button', onClick: decide('cancel', 'The customer cancelled') }, 'Cancel'),
      el('button', { type: 'button', onClick: decide('no_answer', 'The customer ignored the prompt') }, 'Ignore')),
    el('div', { class: 'row' }, el('button', { type: 'button', class: 'quiet', onClick: decide('wrong_pin', 'The customer entered a wrong PIN') }, 'Wrong PIN'),
      el('button', { type: 'button', class: 'quiet', onClick: decide('insufficient_funds', 'The customer has no money') }, 'No money')),
  );
}

/** A PIN field with a pad. Any four digits are right: the customer decides with the buttons. */
export function pinPad(onEnter) {
  const input = el('input', {
    type: 'password', inputmode: 'numeric', autocomplete: 'off', maxlength: PIN_LENGTH, pattern: '[0-9]*', placeholder: '••••',
  });
  const pad = { element: null, onChange() {} };
  const changed = () => {
    input.value = input.value.replace(/\D/g, '').slice(0, PIN_LENGTH);
    pad.onChange(input.value.length === PIN_LENGTH);
  };
  input.addEventListener('input', changed);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && input.value.length === PIN_LENGTH) onEnter();
  });
  const key = (label, press, name) =>
    el('button', { type: 'button', class: 'key', 'aria-label': name, onClick: () => { press(); changed(); } }, label);
  const digit = (value) => key(value, () => { input.value += value; }, value);
  pad.element = el(
    'div',
    { class: 'pin' },
    el('label', {}, 'PIN (any four digits)', input),
    el('div', { class: 'keys', role: 'group', 'aria-label': 'PIN pad' },
      ...'123456789'.split('').map(digit),
      key('C', () => { input.value = ''; }, 'Clear'),
      digit('0'),
      key('⌫', () => { input.value = input.value.slice(0, -1); }, 'Delete the last digit')),
  );
  return pad;
}

let shownPace = '';

export function showPace(pace) {
  if (pace === shownPace) return;
  shownPace = pace;
  const hint = byId('pace-hint');
  if (pace === 'manual') {
    hint.replaceChildren('Customers wait for you.');
    return;
  }
  const button = el('button', { type: 'button', class: 'quiet' }, 'Let customers wait for me');
  button.addEventListener('click', () => act(button, () => put('/settings', { pace: 'manual' }), 'Customers wait for you now'));
  hint.replaceChildren(`At the pace "${pace}" customers decide without you. `, button);
}

const TONES = { Active: '', Paid: 'good', Cancelled: 'bad', Expired: 'bad' };

export function showLinks(links) {
  keyed(byId('links'), links.slice(0, 50), (link) => link.id, makeLink);
  showIf(byId('no-links'), links.length === 0);
}

function makeLink({ id }) {
  const item = el('li', { class: 'card' });
  item.update = (link) => {
    const path = `/links/${encodeURIComponent(link.url.split('/').pop())}`;
    item.replaceChildren(
      el('p', {}, el('strong', {}, `KES ${money(link.amount)}`), ` to ${link.till_name} (${link.till_number}) `, badge(link.status, TONES[link.status])),
      link.note ? el('p', { class: 'muted' }, link.note) : '',
      el('p', { class: 'muted' }, `Expires ${dayAndTime(link.expires_at)}`),
      el('div', { class: 'row' },
        el('a', { href: path, target: '_blank', rel: 'noopener', 'aria-label': `Open the page of the payment link ${id} in a new tab` }, 'Open the page'),
        copyButton('Copy the link', () => link.url)),
    );
  };
  return item;
}
