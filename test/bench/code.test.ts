/** Which code a run was of: the built programs, whatever git knows, and whether they are those of the sources. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { codeDigest, oldBuildWords, sourcesNewerThanBuild } from '../../bench/code.js';
import { describeMachine } from '../../bench/report/machine.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';

interface Project {
  readonly root: string;
  /** `age` in seconds before now. */
  readonly write: (name: string, text: string, age?: number) => void;
}

function makeProject(t: ExecutionContext): Project {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const nowS = performance.timeOrigin / 1000;
  return {
    root,
    write: (name, text, age = 100) => {
      const path = join(root, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      utimesSync(path, nowS - age, nowS - age);
    },
  };
}

test('other built programs are other code; sources and other files are not', (t) => {
  const { root, write } = makeProject(t);
  const seen = [codeDigest(root)];
  const changed = (name: string, text: string): void => {
    write(name, text);
    const digest = codeDigest(root);
    t.false(seen.includes(digest), name);
    seen.push(digest);
  };
  changed('build/bench/run.js', 'one');
  changed('build/bench/run.js', 'two');
  changed('build/broker/deep/inside.js', 'one');
  changed('build/clients/cli/main.js', 'one');
  changed('build/transports/bus/index.js', 'one');
  changed('broker/init/build/capstan-init', 'one');
  changed('broker/native/build/Release/capstan_native.node', 'one');
  changed('bench/peers/build/seqpacket-pingpong', 'one');
  changed('bench/peers/package-lock.json', '{}');
  for (const name of ['bench/run.ts', 'build/bench/run.d.ts', 'build/test/a.test.js', 'launches.jsonl']) {
    write(name, 'something');
    t.is(codeDigest(root), seen.at(-1) ?? '', name);
  }
});

test('sources that were changed after the build are told; those that were only touched are not', (t) => {
  const { root, write } = makeProject(t);
  t.deepEqual(sourcesNewerThanBuild(root), [], 'a package without sources');
  const version = createHash('sha256').update('compiled').digest('hex');
  write('build/.tsbuildinfo', JSON.stringify({ fileInfos: [{ version }] }), 100);
  write('bench/run.ts', 'compiled', 0);
  write('broker/index.ts', 'as it was before', 200);
  write('bench/peers/node_modules/other/index.ts', 'foreign', 0);
  write('bench/peers/build/clean-up', '', 100);
  write('bench/peers/clean-up.c', 'as it was before', 200);
  t.deepEqual(sourcesNewerThanBuild(root), []);
  write('bench/run.ts', 'changed', 0);
  write('bench/peers/clean-up.c', 'changed', 0);
  // What it is built with is not installed: nothing is built of it.
  write('bench/peers/capnp-peer.c++', 'changed', 0);
  const newer = sourcesNewerThanBuild(root);
  t.deepEqual(newer, ['bench/run.ts', 'bench/peers/clean-up.c']);
  t.regex(oldBuildWords(newer), /^the build is old: 2 sources are newer .*not the code of the commit/);
});

test('where git does not tell, the commit is unknown, nothing is called clean, and the code is known', (t) => {
  const path = process.env['PATH'];
  const known = describeMachine(projectDirectory);
  process.env['PATH'] = '/nowhere';
  try {
    const { commit, is_dirty, code } = describeMachine(projectDirectory);
    t.is(commit, 'unknown');
    t.is(is_dirty, null);
    t.regex(code ?? '', /^[0-9a-f]{12}$/);
    t.is(code, known.code);
  } finally {
    process.env['PATH'] = path;
  }
});
