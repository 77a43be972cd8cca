// Elements are made with text only: what a request has, such as a name, is never read as HTML.

/** An element with attributes, listeners (`onClick`) and children: elements or texts. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Shows `items` in a container. An element stays, with its focus, for as long as its item has the same key. */
export function keyed(container, items, keyOf, make) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let before = null;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = known.get(key);
    if (child === undefined) {
      child = make(item);
      child.dataset.key = key;
    }
    known.delete(key);
    const text = JSON.stringify(item);
    if (child.shown !== text) {
      child.shown = text;
      const hadFocus = child.contains(document.activeElement);
      child.update?.(item);
      if (hadFocus && !child.contains(document.activeElement)) focusNear(child.querySelector('summary, button, a') ?? container);
    }
    const place = before === null ? container.firstElementChild : before.nextElementSibling;
    // An element that is where it should be is not moved: that would take its focus.
    if (place !== child) container.insertBefore(child, place);
    before = child;
  }
  for (const child of known.values()) {
    const hadFocus = child.contains(document.activeElement);
    child.remove();
    if (hadFocus) focusNear(container);
  }
}

/** People who use the keyboard go on where they were. */
function focusNear(element) {
  (element.matches('summary, button, a') ? element : element.closest('[tabindex="-1"]'))?.focus();
}

/** Shows the first element if the list is empty. */
export function showIf(element, condition) {
  element.hidden = !condition;
}

let timer;

/** Says something to people, also through screen readers. */
export function notify(text, isError = false) {
  const notice = byId('notice');
  notice.textContent = text;
  notice.classList.toggle('error', isError);
  clearTimeout(timer);
  timer = setTimeout(() => { notice.textContent = ''; }, isError ? 20_000 : 8_000);
}

/** Runs an action of a button: once at a time, and an error is shown. A button that is off would lose the focus. */
export async function act(button, run, done) {
  if (button?.ariaBusy === 'true') return undefined;
  if (button) button.ariaBusy = 'true';
  notify('');
  try {
    const result = await run();
    if (done) notify(typeof done === 'function' ? done(result) : done);
    return result;
  } catch (error) {
    notify(error.message, true);
    return undefined;
  } finally {
    if (button) button.ariaBusy = null;
  }
}

/** A button that copies a text. Where the browser does not allow it, the text is shown. */
export function copyButton(label, textOf) {
  const button = el('button', { type: 'button', class: 'quiet' }, label);
  button.addEventListener('click', async () => {
    const text = textOf();
    try {
      await navigator.clipboard.writeText(text);
      notify('Copied');
    } catch {
      const area = el('textarea', { readonly: true, rows: 4, 'aria-label': `${label}: text to copy` });
      area.value = text;
      button.after(area);
      area.select();
    }
  });
  return button;
}

/** `1234.5` as `1,234.50`, without a floating point number. */
export function money(amount) {
  const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(amount)) ?? [];
  if (whole === undefined) return String(amount);
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${part.padEnd(2, '0')}`;
}

/** The time of day of the sandbox, `10:43:20`. */
export const timeOf = (iso) => String(iso).slice(11, 19);

/** The day and the time of day, `2026-05-01 10:43:20`. */
export const dayAndTime = (iso) => String(iso).slice(0, 19).replace('T', ' ');

export const badge = (text, tone = '') => el('span', { class: `badge ${tone}` }, text);
