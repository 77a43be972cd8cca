// What a program needs to use this sandbox: variables, and the first lines of code.

import { get } from './api.js';
import { byId, copyButton, el } from './dom.js';
import { snippets } from './snippets.js';

export async function initStart() {
  const values = await get('/ui/start');
  const all = snippets(values);
  const code = el('pre', { tabindex: 0, id: 'snippet', 'aria-live': 'polite' });
  const choice = el('select', { id: 'language' }, ...all.map(({ name }) => el('option', {}, name)));
  const chosen = () => all.find(({ name }) => name === choice.value) ?? all[0];
  const show = () => {
    code.textContent = chosen().text;
    code.setAttribute('aria-label', chosen().name);
  };
  choice.addEventListener('change', show);
  show();
  const names = [['base_url', 'K2_BASE_URL'], ['client_id', 'K2_CLIENT_ID'], ['client_secret', 'K2_CLIENT_SECRET'], ['api_key', 'K2_API_KEY']];
  byId('start-area').append(
    el('p', {}, 'Point your program at this sandbox. These credentials are those of the sandbox only: no other server accepts them.'),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Credentials' },
      el('table', {}, el('tbody', {}, ...names.map(([field, name]) => el('tr', {},
        el('th', { scope: 'row' }, name), el('td', {}, el('code', {}, values[field])), el('td', {}, copyButton(`Copy ${name}`, () => values[field]))))))),
    el('h3', {}, 'First lines'),
    el('div', { class: 'filters' }, el('label', {}, 'Language ', choice)),
    code,
    el('div', { class: 'row' }, copyButton('Copy the code', () => chosen().text)),
    el('p', { class: 'muted' }, 'Then open Customers: the phone 254700000006 waits for you to enter the PIN, or any phone at the pace "manual".'),
  );
}
