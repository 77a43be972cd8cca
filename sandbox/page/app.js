// The frame of the page: areas, the clock, and what is read when something changes.

import { get, soon, watch } from './api.js';
import { showCustomers, showLinks, showPace } from './customers.js';
import { byId, notify } from './dom.js';
import { initFaults, showFaults, showTime } from './faults.js';
import { initKeypad, showTillChoice } from './keypad.js';
import { initMoney, showMoney } from './money.js';
import { initStart } from './start.js';
import { addDelivery, addRequest, initTraffic, loadTraffic } from './traffic.js';

const AREAS = ['customers', 'money', 'traffic', 'faults', 'start'];
let area = '';

/** The difference between the sandbox's clock and the one here, in milliseconds. */
let ahead = 0;

function showArea() {
  const named = location.hash.slice(1);
  const next = AREAS.includes(named) ? named : area || 'customers';
  const changed = next !== area;
  area = next;
  for (const name of AREAS) byId(`area-${name}`).hidden = name !== area;
  for (const link of document.querySelectorAll('.tabs a')) {
    if (link.hash === `#${area}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `${byId(`${area}-title`).textContent} – Kopo Kopo sandbox`;
  if (changed) refresh();
}

function tick() {
  const now = new Date(Date.now() + ahead + 3 * 3_600_000);
  const text = now.toISOString().slice(0, 19).replace('T', ' ');
  const clock = byId('clock');
  clock.textContent = text;
  clock.setAttribute('datetime', `${text.replace(' ', 'T')}+03:00`);
}

const refresh = soon(async () => {
  const [state, settings] = await Promise.all([get('/state'), get('/settings')]);
  ahead = Date.parse(state.now) - Date.now();
  tick();
  showPace(settings.pace);
  showTillChoice(state.tills);
  if (area === 'customers') {
    const [customers, links] = await Promise.all([get('/customers'), get('/payment_links')]);
    showCustomers(customers);
    showLinks(links);
  } else if (area === 'money') {
    const paths = ['/transactions', '/resources/send_money', '/resources/reversals', '/pending'];
    const [transactions, batches, reversals, pending] = await Promise.all(paths.map(get));
    showMoney({ state, transactions, batches, reversals, pending });
  } else if (area === 'faults') {
    const [faults, links, pending] = await Promise.all(['/faults', '/payment_links', '/pending'].map(get));
    showFaults(faults);
    showTime({ state, settings, links, pending });
  }
});

const reload = soon(async () => {
  await loadTraffic();
  refresh();
});

const CONNECTION = { live: ['live', 'good'], reconnecting: ['reconnecting', 'bad'], refused: ['disconnected', 'bad'] };

function showConnection(state) {
  const [text, tone] = CONNECTION[state];
  const element = byId('connection');
  if (element.textContent !== text) element.textContent = text;
  element.className = `badge ${tone}`;
}

initKeypad();
initMoney();
initTraffic();
await Promise.all([initFaults(refresh), initStart()]).catch((error) => notify(error.message, true));
addEventListener('hashchange', showArea);
showArea();
setInterval(tick, 1000);
watch({
  connection: showConnection,
  ready: reload,
  missed: reload,
  reset: reload,
  state: refresh,
  request: addRequest,
  delivery(delivery) {
    addDelivery(delivery);
    if (area === 'money') refresh();
  },
});
