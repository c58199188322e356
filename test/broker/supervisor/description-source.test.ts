import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { limits } from '../../../broker/contract/index.js';
import { createDescriptionSource, createUserLookup } from '../../../broker/supervisor/description-source.js';

function inDirectory(work: (directory: string) => void): void {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'capstan-')));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('U16: the first directory that has the file decides, and the place is shown as it was configured', (t) => {
  inDirectory((directory) => {
    for (const name of ['first', 'second']) mkdirSync(join(directory, name));
    writeFileSync(join(directory, 'second', 'a'), 'second');
    writeFileSync(join(directory, 'second', 'b'), 'second');
    writeFileSync(join(directory, 'first', 'b'), 'first');
    const source = createDescriptionSource([
      `${directory}/first`,
      `${directory}/absent`,
      `${directory}/second`,
    ]);
    t.like(source.find('a'), {
      kind: 'found',
      text: 'second',
      path: `${directory}/second/a`,
      directory: `${directory}/second`,
    });
    t.like(source.find('b'), { text: 'first' });
    t.deepEqual(source.find('c'), { kind: 'missing' });
  });
});

test('U16: a symbolic link is followed, and relative paths start from where it leads', (t) => {
  inDirectory((directory) => {
    mkdirSync(join(directory, 'real'));
    writeFileSync(join(directory, 'real', 'a'), 'text');
    symlinkSync('real/a', join(directory, 'b'));
    t.like(createDescriptionSource([directory]).find('b'), {
      path: `${directory}/b`,
      realPath: `${directory}/real/a`,
    });
  });
});

test('U16: a directory, a FIFO and a file that is too large are refused with the reason', (t) => {
  inDirectory((directory) => {
    const source = createDescriptionSource([directory]);
    mkdirSync(join(directory, 'd'));
    t.is(spawnSync('mkfifo', [join(directory, 'fifo')]).status, 0);
    writeFileSync(join(directory, 'large'), Buffer.alloc(limits.descriptionBytesMax + 1, 'x'));
    writeFileSync(join(directory, 'just'), Buffer.alloc(limits.descriptionBytesMax, 'x'));
    t.like(source.find('d'), { kind: 'error', message: `${directory}/d: is a directory` });
    t.like(source.read(join(directory, 'fifo')), { kind: 'error', message: 'is not a regular file' });
    t.like(source.find('large'), { kind: 'error' });
    t.is(source.find('just').kind, 'found');
    t.deepEqual(source.list(join(directory, 'absent')), { kind: 'missing' });
    t.like(source.list(join(directory, 'just')), { kind: 'missing' });
    t.like(source.list(directory), { kind: 'found' });
  });
});

test('U16: a file that may not be read says so', (t) => {
  if (process.geteuid?.() === 0) {
    t.log('not run: root may read everything');
    t.pass();
    return;
  }
  inDirectory((directory) => {
    writeFileSync(join(directory, 'a'), '');
    chmodSync(join(directory, 'a'), 0);
    t.like(createDescriptionSource([directory]).find('a'), { kind: 'error' });
  });
});

test('U4: users are those of the files as they are now', (t) => {
  inDirectory((directory) => {
    const passwd = join(directory, 'passwd');
    const group = join(directory, 'group');
    writeFileSync(passwd, 'web:x:33:34::/srv:/bin/sh\n');
    const lookup = createUserLookup(passwd, group);
    t.deepEqual(lookup.user('web'), { uid: 33, gid: 34, groups: [34] });
    t.is(lookup.user('33'), undefined);
    writeFileSync(group, 'logs:x:50:web\n');
    t.deepEqual(lookup.user('web'), { uid: 33, gid: 34, groups: [34, 50] });
  });
});
