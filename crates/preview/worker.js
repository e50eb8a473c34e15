// The planner beside the page, in a worker: what a move would change. Copied into the site by
// scripts/site, beside the wasm that it loads.
//   {refresh: N}           takes a new snapshot from the server; answers {refreshed: N}
//   {ask: N, job, to}      what moving the job would change; answers {told: N, moved, ms}
// Either may answer {failed: N, why} instead.
import init, { Preview } from './preview.js';

const ready = init();
let preview;

async function refresh() {
  const answer = await fetch('/api/planning');
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const text = await answer.text();
  await ready;
  preview?.free();
  preview = new Preview(text);
}

self.onmessage = async ({ data }) => {
  const number = data.refresh ?? data.ask;
  try {
    if (data.refresh !== undefined) {
      await refresh();
      self.postMessage({ refreshed: number });
    } else if (preview) {
      const from = performance.now();
      const moved = preview.moved(data.job, data.to);
      self.postMessage({ told: number, moved, ms: performance.now() - from });
    } else {
      self.postMessage({ failed: number, why: 'there is no snapshot yet' });
    }
  } catch (error) {
    self.postMessage({ failed: number, why: String(error?.message ?? error) });
  }
};
