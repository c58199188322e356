/** docs/commands.md says what the command line says. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { createProgram } from '../../clients/cli/program.js';

const page = readFileSync(fileURLToPath(new URL('../../../docs/commands.md', import.meta.url)), 'utf8');
const program = createProgram('0.0.0', {}, () => undefined);

/** The part of the page below a heading. */
function section(heading: string): string | undefined {
  const at = page.indexOf(`\n## ${heading}\n`);
  if (at < 0) return undefined;
  const end = page.indexOf('\n## ', at + 4);
  return page.slice(at, end < 0 ? undefined : end);
}

function optionRows(text: string): string[] {
  return [...text.matchAll(/^\| `(-[^`]*)` \|/gm)].map(([, flags = '']) => flags);
}

test('the options of every command are in it', (t) => {
  const flags = [...program.options.map((option) => option.flags), '-h, --help'];
  t.deepEqual(optionRows(section('Every command') ?? '').sort(), flags.sort());
});

for (const command of program.commands) {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const heading = ['capstan', command.name(), ...names].join(' ');
  test(`it has '${heading}' with its options`, (t) => {
    const text = section(heading);
    t.truthy(text, `there is no heading '## ${heading}'`);
    t.deepEqual(optionRows(text ?? '').sort(), command.options.map((option) => option.flags).sort());
  });
}

test('it has no command that does not exist', (t) => {
  const names = [...page.matchAll(/^## capstan (\w+)/gm)].map(([, name]) => name ?? '');
  t.deepEqual(names.sort(), program.commands.map((command) => command.name()).sort());
});
