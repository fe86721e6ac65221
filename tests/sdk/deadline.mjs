// Waiting for events, never for time: everything awaited has a deadline and says what it waited for.

export const PATIENCE_MS = 10_000;

/** `promise`, or an error that names `what` when it does not come in time. */
export async function within(promise, ms, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const words = typeof what === 'function' ? what() : what;
      reject(new Error(`waited ${ms} ms in vain for ${words}`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The next `name` of an emitter whose context `fits`. */
export function next(emitter, name, fits = () => true) {
  let listener;
  const seen = [];
  const event = new Promise((resolve) => {
    listener = (context) => {
      if (fits(context)) resolve(context);
      else seen.push(context);
    };
    emitter.on(name, listener);
  });
  const words = () => `the event ${name}; others came: ${JSON.stringify(seen).slice(0, 500)}`;
  return within(event, PATIENCE_MS, words).finally(() => emitter.removeListener(name, listener));
}

/** Collects every `name` of an emitter; `take(n)` resolves with the first n. */
export function gather(emitter, name, map = (context) => context) {
  const items = [];
  let wake = () => {};
  emitter.on(name, (context) => {
    items.push(map(context));
    wake();
  });
  return {
    items,
    take(count) {
      const filled = new Promise((resolve) => {
        wake = () => items.length >= count && resolve(items.slice(0, count));
        wake();
      });
      return within(filled, PATIENCE_MS, () => `${count} × ${name}, got ${JSON.stringify(items)}`);
    },
  };
}
