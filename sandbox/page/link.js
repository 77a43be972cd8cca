// The page of a payment link, where a customer pays.

import { get, post } from './api.js';
import { pinPad } from './customers.js';
import { act, badge, byId, dayAndTime, el, money, notify } from './dom.js';

const token = location.pathname.split('/').pop();
const place = byId('link');

async function show() {
  let link;
  try {
    link = await get(`/payment_links/${token}`);
  } catch (error) {
    place.replaceChildren(el('p', { class: 'error' }, error.message));
    return;
  }
  const tone = { Active: '', Paid: 'good' }[link.status] ?? 'bad';
  const about = [
    el('h2', {}, link.till_name), el('p', { class: 'muted' }, `Till ${link.till_number}`),
    el('p', { class: 'amount' }, `KES ${money(link.amount)}`), link.note ? el('p', {}, link.note) : '',
    el('p', {}, badge(link.status, tone)),
  ];
  if (link.status === 'Paid') {
    place.replaceChildren(...about, el('p', {}, `Paid with the reference ${link.transaction_reference}`));
    return;
  }
  if (link.status !== 'Active') {
    place.replaceChildren(...about, el('p', {}, 'This link cannot be paid.'));
    return;
  }
  const phone = el('input', { id: 'phone', type: 'tel', autocomplete: 'tel', placeholder: '0712345678' });
  const decide = (action, done) => (event) => act(event.currentTarget, async () => {
    const number = phone.value.trim();
    await post(`/payment_links/${encodeURIComponent(link.id)}/customer`, { action, ...(number && { phone_number: number }) });
    await show();
  }, done);
  const pin = pinPad(() => pay.click());
  const pay = el('button', { type: 'button', class: 'primary', disabled: true, onClick: decide('enter_pin', 'Paid') }, `Pay KES ${money(link.amount)}`);
  pin.onChange = (complete) => { pay.disabled = !complete; };
  place.replaceChildren(
    ...about, link.errors ? el('p', { class: 'error' }, `The last attempt failed: ${link.errors.join('; ')}`) : '',
    el('p', { class: 'muted' }, `Expires ${dayAndTime(link.expires_at)}`), el('label', {}, 'Your phone number', phone), pin.element,
    el('div', { class: 'row' }, pay, el('button', { type: 'button', onClick: decide('cancel', 'Cancelled. The link can still be paid') }, 'Cancel')),
    el('div', { class: 'row' }, el('button', { type: 'button', class: 'quiet', onClick: decide('wrong_pin', 'Wrong PIN') }, 'Wrong PIN'),
      el('button', { type: 'button', class: 'quiet', onClick: decide('insufficient_funds', 'No money') }, 'No money')),
  );
}

show().catch((error) => notify(error.message, true));
