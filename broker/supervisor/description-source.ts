/**
 * Descriptions, includes and environment files from the real file system, and users from the real /etc/passwd, for the loader
 * (`broker/service/source.ts`). Synchronous: a description is read when somebody asks for its service, and these are small
 * local files. Only regular files are read, at most `limits.descriptionBytesMax` of each; a FIFO does not make anybody wait.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { limits } from '../contract/index.js';
import type {
  DescriptionSource,
  FoundDescription,
  FoundFile,
  RunAs,
  Unreadable,
  UserLookup,
} from '../service/index.js';
import { type Accounts, identityOf, parseAccounts } from './accounts.js';
import { errnoText } from './failure-text.js';
import { errnoOf } from './platform.js';

function unreadable(error: unknown): Unreadable {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
  return { kind: 'error', message: errnoText(errnoOf(error)) };
}

/** The text of an open regular file, or why it has none to give. */
function readText(descriptor: number): string | Unreadable {
  const status = fstatSync(descriptor);
  if (status.isDirectory()) return { kind: 'error', message: 'is a directory' };
  if (!status.isFile()) return { kind: 'error', message: 'is not a regular file' };
  const tooLarge: Unreadable = {
    kind: 'error',
    message: `is larger than ${limits.descriptionBytesMax} bytes`,
  };
  if (status.size > limits.descriptionBytesMax) return tooLarge;
  // One byte more than the file says it has, so that one that grows (or one of /proc) is noticed.
  let bytes = Buffer.alloc(status.size + 1);
  let length = 0;
  for (;;) {
    const room = bytes.length - length;
    const count = readSync(descriptor, bytes, length, room, null);
    length += count;
    // A short read of a file that has a size is its end; those of /proc have none and are read until nothing comes.
    if (count === 0 || (count < room && status.size > 0)) return bytes.toString('utf8', 0, length);
    if (length > limits.descriptionBytesMax) return tooLarge;
    if (length === bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2);
  }
}

function readFile(path: string): FoundFile | Unreadable {
  let descriptor = -1;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const text = readText(descriptor);
    if (typeof text !== 'string') return text;
    return { kind: 'found', realPath: realpathSync(path), text };
  } catch (error) {
    return unreadable(error);
  } finally {
    if (descriptor >= 0) closeSync(descriptor);
  }
}

/** Looks in `directories` in their order; the first that has a file of the name decides, also if it cannot be read. */
export function createDescriptionSource(directories: readonly string[]): DescriptionSource {
  return {
    find(baseName): FoundDescription | Unreadable {
      for (const directory of directories) {
        const path = `${directory}/${baseName}`;
        const file = readFile(path);
        if (file.kind === 'found') return { ...file, path, directory };
        if (file.kind === 'error') return { kind: 'error', message: `${path}: ${file.message}` };
      }
      return { kind: 'missing' };
    },
    read: readFile,
    list(path): { readonly kind: 'found'; readonly names: readonly string[] } | Unreadable {
      try {
        return { kind: 'found', names: readdirSync(path) };
      } catch (error) {
        return unreadable(error);
      }
    },
  };
}

/** What changes when a file is replaced or written. */
function fingerprint(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? '' : `${status.ino}:${status.size}:${status.mtimeMs}`;
}

/** Users by name; the files are read again when they have changed. */
export function createUserLookup(passwdPath = '/etc/passwd', groupPath = '/etc/group'): UserLookup {
  let accounts: Accounts = parseAccounts('', '');
  let seen = '';
  const textOf = (path: string): string => {
    const file = readFile(path);
    return file.kind === 'found' ? file.text : '';
  };
  return {
    user(name): RunAs | undefined {
      const now = `${fingerprint(passwdPath)} ${fingerprint(groupPath)}`;
      if (now !== seen) {
        accounts = parseAccounts(textOf(passwdPath), textOf(groupPath));
        seen = now;
      }
      if (accounts.byName(name) === undefined) return undefined;
      const identity = identityOf(name, accounts, 0);
      return typeof identity === 'string' ? undefined : identity;
    },
  };
}

/** Why a program at this path cannot be executed; `undefined`: it can, by somebody. */
function fileFault(path: string): string | undefined {
  try {
    const status = statSync(path);
    if (!status.isFile()) return `${path} is not a regular file`;
    return (status.mode & 0o111) === 0 ? `${path} is not executable` : undefined;
  } catch (error) {
    const reason = unreadable(error);
    return reason.kind === 'missing' ? `${path} does not exist` : `${path}: ${reason.message}`;
  }
}

/** `LoaderParts.programFault` on the real file system: what execvp(3) would find. */
export function programFault(
  program: string,
  directory: string,
  path: string | undefined,
): string | undefined {
  if (program.includes('/')) return fileFault(resolve(directory, program));
  if (path === undefined) return undefined;
  const isFound = path
    .split(':')
    .some((entry) => fileFault(resolve(directory, entry, program)) === undefined);
  return isFound ? undefined : `there is no program '${program}' in PATH`;
}
