/** The benchmark's smaller programs say what is wrong with their command lines and end with 2, before anything runs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import type { Captured } from './support/captured.js';

function run(program: string, ...args: readonly string[]): Captured {
  const path = join(projectDirectory, 'build', 'bench', program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
    cwd: projectDirectory,
    encoding: 'utf8',
  });
  if (status === null) throw new Error(`it was killed: ${stderr}`);
  return { status, out: stdout, error: stderr };
}

for (const [program, args, said] of [
  [
    'codecs/main.js',
    ['--only', 'nosuch'],
    /no message or frame has 'nosuch' .*\n {2}there are Request, .*datagram/,
  ],
  ['report/write-readme.js', ['--bogus'], /'--bogus' is no option\n {2}use: npm run readme/],
  ['report/write-readme.js', ['--check', 'more'], /'more' is no option/],
  ['report/check-main.js', ['/nowhere/report.html'], /there is no file \/nowhere\/report\.html\n/],
  ['report/check-main.js', [], /usage: /],
] as const) {
  test(`${program} ${args.join(' ')}`, (t) => {
    const { status, out, error } = run(program, ...args);
    t.is(status, 2, error);
    t.is(out, '');
    t.regex(error, said);
  });
}

test('what the codecs took in a smoke run is said to be worth nothing', (t) => {
  const smoke = run('codecs/main.js', '--smoke', '--quiet', '--only', 'bus Call');
  t.is(smoke.status, 0, smoke.error);
  t.regex(smoke.out, /^\nA smoke run: .*its times are worth nothing\.\n\nFrames /);
});
