// The counter: a customer, a business or a card pays at a till, without a request.

import { post } from './api.js';
import { act, byId, el, money } from './dom.js';

const KINDS = [
  ['buygoods', 'A customer pays with M-PESA'],
  ['b2b', 'Another business pays from its till'],
  ['card', 'A card is used'],
];

let till;
let known = '';

const option = ([value, label]) => el('option', { value }, label);
const field = (label, input) => el('label', {}, label, input);

export function initKeypad() {
  till = el('select', { id: 'counter-till' });
  const kind = el('select', { id: 'counter-kind' }, ...KINDS.map(option));
  const amount = el('input', { id: 'counter-amount', inputmode: 'decimal', autocomplete: 'off', placeholder: '0.00', class: 'large' });
  const phone = el('input', { id: 'counter-phone', type: 'tel', autocomplete: 'off', placeholder: '0712345678' });
  const name = el('input', { id: 'counter-name', autocomplete: 'off', placeholder: 'Jane' });
  const sender = el('input', { id: 'counter-sender', autocomplete: 'off', placeholder: '890642' });
  const card = el('input', { id: 'counter-card', autocomplete: 'off', placeholder: '450875XXXXXX1019' });
  const details = {
    buygoods: el('div', { class: 'fields' }, field('Phone number', phone), field('First name', name)),
    b2b: el('div', { class: 'fields' }, field('Till that pays', sender)),
    card: el('div', { class: 'fields' }, field('Masked card number', card)),
  };
  const showKind = () => Object.entries(details).forEach(([own, element]) => { element.hidden = own !== kind.value; });
  kind.addEventListener('change', showKind);
  showKind();
  const key = (label, press, spoken = label) => el('button', { type: 'button', class: 'key', 'aria-label': spoken, onClick: press }, label);
  const keys = el('div', { class: 'keys', role: 'group', 'aria-label': 'Till keypad' },
    ...'123456789'.split('').map((digit) => key(digit, () => { amount.value += digit; })),
    key('.', () => { if (!amount.value.includes('.')) amount.value += '.'; }, 'Decimal point'),
    key('0', () => { amount.value += '0'; }),
    key('⌫', () => { amount.value = amount.value.slice(0, -1); }, 'Delete the last digit'));
  const take = el('button', { type: 'button', class: 'primary' }, 'Take the payment');
  const pay = () => {
    const own = kind.value;
    const body = { kind: own, till_number: till.value, amount: amount.value.trim() };
    if (own === 'buygoods') Object.assign(body, phone.value && { phone_number: phone.value }, name.value && { first_name: name.value });
    if (own === 'b2b' && sender.value) body.sending_till = sender.value;
    if (own === 'card' && card.value) body.card_number = card.value;
    act(take, () => post('/pay', body), ({ resource }) => {
      amount.value = '';
      return `KES ${money(resource.amount)} received: ${resource.reference}`;
    });
  };
  take.addEventListener('click', pay);
  amount.addEventListener('keydown', (event) => { if (event.key === 'Enter') pay(); });
  byId('keypad').append(
    el('div', { class: 'card fields' }, field('Who pays', kind), field('Till', till), field('Amount in shillings', amount), keys,
      ...Object.values(details), take),
  );
}

/** The tills that can be chosen. The choice stays. */
export function showTillChoice(tills) {
  const numbers = tills.map(({ number, name }) => [number, `${number} ${name}`]);
  if (JSON.stringify(numbers) === known) return;
  known = JSON.stringify(numbers);
  const chosen = till.value || 'K000000';
  till.replaceChildren(...numbers.map(option));
  till.value = tills.some(({ number }) => number === chosen) ? chosen : tills[0]?.number ?? '';
}
