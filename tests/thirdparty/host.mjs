// The WASI 0.2 component in jco: compiled to JavaScript, run by Node, with the settings of this process's environment.
//
//   node host.mjs COMPONENT.wasm OUT_DIR list               the functions and their parameters, as JSON
//   node host.mjs COMPONENT.wasm OUT_DIR call FUNCTION ARGS  one call, with a JSON array of arguments (null: not given)

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { componentWit, transpile } from '@bytecodealliance/jco';

const [component, out, command, name, args] = process.argv.slice(2);
const camel = (kebab) => kebab.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

const wasm = await readFile(component);
const { files } = await transpile(wasm, { name: 'plugin' });
for (const [file, bytes] of Object.entries(files)) {
  const path = join(out, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}
const plugin = await import(pathToFileURL(resolve(out, 'plugin.js')));

if (command === 'list') {
  const wit = await componentWit(wasm);
  const listed = [...wit.matchAll(/export ([a-z0-9-]+): func\(([^)]*)\)/g)].map(([, name, parameters]) => ({
    name,
    callable: typeof plugin[camel(name)] === 'function',
    parameters: parameters
      .split(/, (?=%?[a-z0-9-]+: )/)
      .filter(Boolean)
      .map((parameter) => parameter.replace('%', '').split(': ')),
  }));
  console.log(JSON.stringify({ documented: wit.includes('///'), tools: listed }));
} else {
  const given = JSON.parse(args).map((value) => value ?? undefined);
  const big = (_, value) => (typeof value === 'bigint' ? Number(value) : value);
  try {
    console.log(JSON.stringify({ ok: plugin[camel(name)](...given) }, big));
  } catch (error) {
    console.log(JSON.stringify({ err: error.payload ?? String(error) }, big));
  }
}
process.exit(0);
