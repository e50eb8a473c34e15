// Takes out of the wasm what is never called but cannot be seen to be: Leptos keeps a second way to
// hydrate each view, for pages that are loaded in parts, behind function pointers. Ours are not, so
// these functions get an empty body; wasm-opt then drops what only they used. Run by scripts/site.
//   node scripts/snip.mjs IN OUT
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { default: binaryen } = await import(join(root, 'end2end/node_modules/binaryen/index.js'));

// The functions themselves and what polls them; not what is nested in them, which the linker may
// have folded with the same function of something else.
const NEVER_CALLED = /::hydrate_async(::\{\{closure\}\})*::h[0-9a-f]{16}$/;

const [input, output] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(input));
// What every browser of today can read: the same as wasm-opt is told in scripts/site.
const { BulkMemory, NontrappingFPToInt, SignExt, MutableGlobals, ReferenceTypes, Multivalue } = binaryen.Features;
module.setFeatures(BulkMemory | NontrappingFPToInt | SignExt | MutableGlobals | ReferenceTypes | Multivalue);
let count = 0;
for (let place = 0; place < module.getNumFunctions(); place += 1) {
  const fn = module.getFunctionByIndex(place);
  const { name, base } = binaryen.getFunctionInfo(fn);
  if (base === '' && NEVER_CALLED.test(name)) {
    binaryen.Function.setBody(fn, module.unreachable());
    count += 1;
  }
}
// Without names, or after a change in Leptos, this would silently do nothing.
if (count === 0) throw new Error('snip: no function of these names is left; is this step still needed?');
writeFileSync(output, module.emitBinary());
