/** docs/commands.md says what the command line says. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Command } from 'commander';
import { createRunCommand, subcommands } from '../../bench/program.js';
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

/** What stands below a heading before the parts of a section. */
const beginning = (text: string): string => text.split('\n### ', 1)[0] ?? '';

function optionRows(text: string): string[] {
  return [...text.matchAll(/^\| `(-[^`]*)` \|/gm)].map(([, flags = '']) => flags);
}

test('the options of every command are in it', (t) => {
  const flags = [...program.options.map((option) => option.flags), '-h, --help'];
  t.deepEqual(optionRows(section('Every command') ?? '').sort(), flags.sort());
});

// The benchmark is a program of its own: its options are not the command line's (bench/program.ts).
for (const command of program.commands.filter((one) => one.name() !== 'bench')) {
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

test("it has 'capstan bench', and each command beside a run, with their options", async (t) => {
  const text = section('capstan bench [args...]') ?? '';
  const flagsOf = (command: Command): string[] =>
    command.options.map(({ flags }) => flags).filter((flags) => !everywhere.includes(flags));
  const everywhere = program.options
    .map(({ flags }) => flags)
    .filter((flags) => !flags.startsWith('--transport'));
  t.deepEqual(optionRows(beginning(text)).sort(), flagsOf(createRunCommand()).sort());
  const parts = text.split('\n### ').slice(1);
  const commands = await Promise.all(subcommands.map(async ({ load }) => (await load()).createCommand()));
  t.deepEqual(
    parts.map((part) => part.split('\n', 1)[0]),
    subcommands.map(({ usage }) => `capstan bench ${usage}`),
  );
  for (const [at, command] of commands.entries())
    t.deepEqual(optionRows(parts[at] ?? '').sort(), flagsOf(command).sort(), command.name());
});
