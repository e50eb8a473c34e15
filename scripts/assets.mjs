// Puts target/site together: what scripts/site built, style/*.css in one file and the font, in a folder
// of pkg/ that is named by what is in it, so that browsers may keep it for good; and public/. Then
// everything that compresses, compressed, and what a first visit loads. Run by scripts/site.
//   node scripts/assets.mjs [--plain]       --plain: no compression; BERTH_QUICK=1: little
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const site = join(root, 'target/site');
const plain = process.argv.includes('--plain');
const quick = Boolean(process.env.BERTH_QUICK);
// The dashboard's first visit in bytes, brotli, of wasm, script and style together.
const BUDGET = 500_000;
const FIRST = /^(berth\.css|berth\.js|berth_bg\.wasm)$/;

/** The files that a style sheet imports, in place. */
function inlined(file, seen = []) {
  if (seen.includes(file)) throw new Error(`${[...seen, file].join(' imports ')}: a circle`);
  const text = readFileSync(file, 'utf8');
  return text.replace(/^[ \t]*@import\s+["'](\.[^"']+)["'];/gm, (_, path) =>
    inlined(join(dirname(file), path), [...seen, file]));
}

/** Without comments and needless space. Strings and urls stay as they are. */
function lighter(css) {
  const strings = [];
  const keep = (text) => `\u0001${strings.push(text) - 1}\u0001`;
  return css
    .replace(/\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^)"']*\)/g, (text) =>
      text.startsWith('/*') ? ' ' : keep(text))
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replace(/;}/g, '}')
    .trim()
    .replace(/\u0001(\d+)\u0001/g, (_, index) => strings[index]);
}

/** Writes what changed only, so that the compressed neighbour stays newer. */
function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path) || !readFileSync(path).equals(content)) writeFileSync(path, content);
}

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

const built = join(root, 'target/front/site');
const font = 'end2end/node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2';
const pkg = new Map();
for (const part of ['pages', 'planner']) {
  for (const path of files(join(built, part))) pkg.set(relative(join(built, part), path), readFileSync(path));
}
pkg.set('berth.css', Buffer.from(lighter(inlined(join(root, 'style/main.css')))));
pkg.set('fonts/inter-latin.woff2', readFileSync(join(root, font)));

const hash = createHash('sha256');
for (const name of [...pkg.keys()].sort()) hash.update(name).update('\0').update(pkg.get(name));
const folder = join(site, 'pkg', hash.digest('hex').slice(0, 12));
for (const [name, content] of pkg) write(join(folder, name), content);
for (const other of readdirSync(join(site, 'pkg'))) {
  const path = join(site, 'pkg', other);
  if (path !== folder) rmSync(path, { recursive: true });
}

const statics = join(root, 'public');
const wanted = existsSync(statics) ? [...files(statics)].map((file) => relative(statics, file)) : [];
for (const name of wanted) write(join(site, name), readFileSync(join(statics, name)));
// What public/ no longer has.
for (const path of [...files(site)]) {
  const name = relative(site, path);
  const original = name.replace(/\.(br|gz)$/, '');
  if (!name.startsWith('pkg/') && !wanted.includes(original)) rmSync(path);
}

const compressible = /\.(wasm|js|css|html|svg|json|txt|webmanifest)$/;
const newer = (path, than) => existsSync(path) && statSync(path).mtimeMs >= statSync(than).mtimeMs;
let total = 0;
for (const path of [...files(site)].filter((path) => compressible.test(path)).sort()) {
  if (plain) {
    rmSync(`${path}.br`, { force: true });
    rmSync(`${path}.gz`, { force: true });
    continue;
  }
  if (!newer(`${path}.br`, path) || !newer(`${path}.gz`, path)) {
    const content = readFileSync(path);
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: quick ? 4 : constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    };
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
  }
  const size = statSync(`${path}.br`).size;
  if (FIRST.test(relative(folder, path))) total += size;
  console.log(`${size.toString().padStart(9)} B brotli  ${statSync(path).size.toString().padStart(9)} B  ${relative(site, path)}`);
}
if (!plain && !quick) {
  console.log(`${total.toString().padStart(9)} B brotli  wasm, script and style of the first visit (budget ${BUDGET})`);
  if (total > BUDGET) console.log('site: over the budget');
}
