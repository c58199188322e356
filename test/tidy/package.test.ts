/** What is published: the public face, and the files of the package. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { apiPath, renderApi } from '../support/api-surface.js';
import { projectRoot } from '../support/source-tree.js';

test('docs/api.md shows the public face as it is', (t) => {
  t.is(readFileSync(apiPath, 'utf8'), renderApi(), 'npm run docs:api writes it');
});

test('a packed package has what it needs to be built and run where it is installed', (t) => {
  t.timeout(110_000);
  const directory = mkdtempSync(join(tmpdir(), 'capstan-pack-'));
  try {
    const run = (command: string, args: string[], cwd: string): string =>
      execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const npm = ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory];
    const tarball = run('npm', npm, projectRoot).trim();
    run('tar', ['xzf', tarball], directory);
    const installed = join(directory, 'package');
    symlinkSync(join(projectRoot, 'node_modules'), join(installed, 'node_modules'));
    run('make', ['-s', '-C', 'broker/init'], installed);
    t.true(existsSync(join(installed, 'broker', 'native', 'binding.gyp')));
    t.true(existsSync(join(installed, 'bench', 'peers', 'Makefile')));
    const bin = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')).bin.capstan;
    t.regex(run(process.execPath, [bin, '--version'], installed), /^\d+\.\d+\.\d+\n$/);
    t.regex(run(process.execPath, [bin, 'check', '-d', 'examples'], installed), /no problems found/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
