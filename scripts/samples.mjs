// Calls crates/samples in WebAssembly: `samples.mjs FOLDER cases COUNT` prints the answers to the
// first cases; `samples.mjs FOLDER time NODES JOBS` says how long plan and
// forecast take, and a move with its forecast as during a drag, in ms.
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, verb, ...numbers] = process.argv.slice(2);
const wasm = createRequire(import.meta.url)(resolve(folder, "berth_samples.js"));

function cases(count) {
  for (let number = 0; number < count; number++) {
    let left = Buffer.from(wasm.of_case(number));
    while (left.length > 0) left = left.subarray(writeSync(1, left));
  }
}

function time(nodes, jobs) {
  const queue = new wasm.LongQueue(nodes, jobs, false);
  const measured = (call) => {
    const times = [];
    for (let round = 0; round < 55; round++) {
      const from = performance.now();
      call();
      times.push(performance.now() - from);
    }
    // The first rounds run before Node has compiled everything as well as it can.
    const sorted = times.slice(5).sort((a, b) => a - b);
    return (share) => sorted[Math.round((sorted.length - 1) * share)];
  };
  const plan = measured(() => queue.plan());
  const move = measured(() => queue.moved());
  console.log(JSON.stringify({ p50_ms: plan(0.5), p99_ms: plan(0.99), move_p50_ms: move(0.5), move_p95_ms: move(0.95) }));
}

const verbs = { cases, time };
verbs[verb](...numbers.map(Number));
