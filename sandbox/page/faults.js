// Failures on demand, the clock and the pace.

import { call, get, post, put } from './api.js';
import { act, badge, byId, dayAndTime, el, keyed, showIf } from './dom.js';

const DAY = 86_400;
const STEPS = [['1 hour', 3_600], ['1 day', DAY], ['31 days', 31 * DAY]];
const PACES = [
  ['instant', 'Everything happens at once'], ['fast', 'Within a second or two'], ['real', 'As a customer with a phone'],
  ['manual', 'Customers wait for you, the rest for the clock'],
];

/** The faults in force, to which another is added. */
let inForce = [];
let list;
let none;
let pace;
let links;
let next;
let nextStep = 0;

export async function initFaults(refresh) {
  const [names, { words }] = await Promise.all([get('/operations'), Promise.resolve({ words: KINDS })]);
  const option = (value, label = value) => el('option', { value }, label);
  const operations = el('optgroup', { label: 'Operations' }, ...names.operations.map((name) => option(name)));
  const callbacks = el('optgroup', { label: 'Callbacks and webhooks' }, ...names.callbacks.map((name) => option(name)));
  const operation = el('select', { id: 'fault-operation' },
    option('*', 'Every one'),
    operations, callbacks);
  const kind = el('select', { id: 'fault-kind' }, ...words.map(([name, label]) => option(name, label)));
  const fit = () => {
    const isCallback = kind.value.startsWith('callback_');
    operations.disabled = isCallback;
    callbacks.disabled = !isCallback;
    if (operation.selectedOptions[0]?.parentElement.disabled) operation.value = '*';
  };
  kind.addEventListener('change', fit);
  fit();
  const times = el('input', { id: 'fault-times', type: 'number', min: 1, value: 1 });
  const always = el('input', { id: 'fault-always', type: 'checkbox' });
  const status = el('input', { id: 'fault-status', type: 'number', min: 200, max: 599, placeholder: '500' });
  const delay = el('input', { id: 'fault-delay', type: 'number', min: 0, placeholder: '1000' });
  const on = el('button', { type: 'button', class: 'primary' }, 'Switch on');
  const off = el('button', { type: 'button' }, 'Switch all off');
  const number = (input) => (input.value === '' ? {} : { [input === status ? 'status' : 'delay_ms']: Number(input.value) });
  on.addEventListener('click', () => act(on, async () => {
    const fault = { operation: operation.value, kind: kind.value, times: always.checked ? null : Number(times.value), ...number(status), ...number(delay) };
    await put('/faults', [...inForce, fault]);
    refresh();
  }, 'The fault is on'));
  off.addEventListener('click', () => act(off, async () => {
    await call('DELETE', '/faults');
    refresh();
  }, 'All faults are off'));
  const label = (text, input) => el('label', {}, text, input);
  list = el('ul', { class: 'plain', id: 'faults' });
  none = el('p', { class: 'empty' }, 'No fault is on.');
  byId('fault-area').append(
    el('div', {},
      el('h3', {}, 'Faults'),
      el('div', { class: 'card fields' }, label('Operation, or callback', operation), label('What fails', kind), label('How often', times),
        el('label', { class: 'check' }, always, ' Always'), label('Status, for a status fault', status), label('Milliseconds, for a delay', delay),
        el('div', { class: 'row' }, on, off)),
      none, list),
    timeArea(refresh),
  );
}

const KINDS = [
  ['status', 'Status, without effect'], ['status_after_effect', 'Status, although it took effect'], ['delay', 'The response is late'],
  ['hang_before_effect', 'No response, without effect'], ['hang_after_effect', 'No response, although it took effect'],
  ['reset_before_effect', 'Connection reset, without effect'], ['reset_after_effect', 'Connection reset, although it took effect'],
  ['html_502', 'HTML page of a gateway, 502'], ['redirect', 'A redirect'], ['missing_location', 'The response has no Location'],
  ['location_in_body', 'The Location is in the body'], ['foreign_location', 'The Location is of another host'],
  ['empty_body', 'The response has no body'], ['truncated_body', 'The body ends half-way'],
  ['refuse_connections', 'The port is closed for a while'], ['callback_late', 'A callback is late'],
  ['callback_twice', 'A callback comes twice'], ['callback_reordered', 'A callback comes after the next one'],
  ['callback_never', 'A callback never comes'],
];

export function showFaults(faults) {
  inForce = faults;
  keyed(list, faults.map((fault, at) => ({ fault, at })), ({ fault, at }) => `${at} ${JSON.stringify(fault)}`, makeFault);
  showIf(none, faults.length === 0);
}

function makeFault({ fault, at }) {
  const remove = el('button', { type: 'button', class: 'quiet', 'aria-label': `Switch off ${fault.kind} of ${fault.operation}` }, 'Switch off');
  remove.addEventListener('click', () => act(remove, () => put('/faults', inForce.filter((_, place) => place !== at)), 'The fault is off'));
  return el('li', { class: 'card row between' },
    el('span', {}, el('strong', {}, fault.kind), ` ${fault.operation} `, badge(fault.times === null ? 'always' : `${fault.times} times`)), remove);
}

function timeArea(refresh) {
  const move = (button, seconds) => act(button, () => post('/clock/advance', { seconds }), ({ now }) => {
    refresh();
    return `The sandbox's time is ${dayAndTime(now)}`;
  });
  const steps = STEPS.map(([label, seconds]) => {
    const button = el('button', { type: 'button' }, `+ ${label}`);
    button.addEventListener('click', () => move(button, seconds));
    return button;
  });
  next = el('button', { type: 'button' }, 'To the next step');
  next.addEventListener('click', () => move(next, nextStep));
  links = el('ul', { class: 'plain', id: 'link-expiries' });
  links.addEventListener('click', ({ target }) => {
    if (target.dataset.seconds) move(target, Number(target.dataset.seconds));
  });
  pace = el('div', { role: 'radiogroup', 'aria-label': 'Pace', class: 'fields' }, ...PACES.map(([name, docs]) => {
    const input = el('input', { type: 'radio', name: 'pace', value: name, id: `pace-${name}` });
    input.addEventListener('change', () => act(null, () => put('/settings', { pace: name }), `The pace is ${name}`));
    return el('label', { class: 'check' }, input, ' ', el('strong', {}, name), el('span', { class: 'muted' }, ` ${docs}`));
  }));
  const reset = el('button', { type: 'button', class: 'danger' }, 'Start anew');
  reset.addEventListener('click', () => act(reset, () => post('/reset', { keep_tokens: true }), 'Everything is as at the start'));
  return el('div', {},
    el('h3', {}, 'Time'),
    el('div', { class: 'card' }, el('div', { class: 'row' }, ...steps, next), el('h4', {}, 'To the expiry of a payment link'), links),
    el('h3', {}, 'Pace'), el('div', { class: 'card' }, pace),
    el('h3', {}, 'Reset'), el('div', { class: 'card' }, el('p', { class: 'muted' }, 'Money, requests and faults are gone. Access tokens and settings stay.'), reset));
}

export function showTime({ state, settings, links: all, pending }) {
  const now = Date.parse(state.now);
  const active = all.filter(({ status }) => status === 'Active').slice(0, 20)
    .map((link) => ({ ...link, seconds: Math.max(0, Math.ceil((Date.parse(link.expires_at) - now) / 1000)) + 1 }));
  keyed(links, active, ({ id }) => id, ({ id, till_name: name, amount }) => {
    const button = el('button', { type: 'button', class: 'quiet' });
    const item = el('li', {}, `KES ${amount} to ${name} `, button);
    item.update = ({ expires_at: expiry, seconds }) => {
      button.textContent = `Move to ${dayAndTime(expiry)}`;
      button.setAttribute('aria-label', `Move to ${dayAndTime(expiry)}, the expiry of the link ${id}`);
      button.dataset.seconds = seconds;
    };
    return item;
  });
  if (active.length === 0) links.replaceChildren(el('li', { class: 'muted' }, 'No link is active.'));
  const step = pending.due[0];
  nextStep = step ? Math.ceil(step.in_ms / 1000) : 0;
  next.disabled = !step;
  for (const input of pace.querySelectorAll('input')) input.checked = input.value === settings.pace;
}
