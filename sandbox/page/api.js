// The control API, and the stream of what changes.

/** Calls a control. An error has the words of the sandbox. */
export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/_sandbox${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error('The sandbox does not respond. Is it running?');
  }
  const content = await response.json().catch(() => null);
  if (!response.ok) throw new Error(content?.error ?? `The sandbox returned ${response.status}`);
  return content;
}

export const get = (path) => call('GET', path);
export const post = (path, body = {}) => call('POST', path, body);
export const put = (path, body) => call('PUT', path, body);

/** Watches. `on` has a function for each event, and `connection` for the state of the stream. */
export function watch(on) {
  const source = new EventSource('/_sandbox/events');
  for (const name of ['ready', 'missed', 'state', 'reset', 'request', 'delivery']) {
    source.addEventListener(name, (event) => on[name]?.(JSON.parse(event.data)));
  }
  source.addEventListener('open', () => on.connection?.('live'));
  source.addEventListener('error', () => {
    on.connection?.(source.readyState === EventSource.CLOSED ? 'refused' : 'reconnecting');
    if (source.readyState === EventSource.CLOSED) setTimeout(() => watch(on), 3000);
  });
  return source;
}

/** Calls `run` soon, and once for many calls. A call that comes while it runs makes it run again. */
export function soon(run, milliseconds = 120) {
  let timer = null;
  let running = false;
  let again = false;
  async function go() {
    timer = null;
    running = true;
    try {
      await run();
    } catch {
      again = again || document.visibilityState === 'hidden';
    } finally {
      running = false;
      if (again) {
        again = false;
        timer = setTimeout(go, milliseconds);
      }
    }
  }
  return () => {
    if (running) again = true;
    else timer ??= setTimeout(go, milliseconds);
  };
}
