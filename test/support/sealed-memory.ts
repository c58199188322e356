/**
 * Memory that goes in place of a payload: how much of it this process has open, and what must not pass for it.
 */
import { type Native, Seal } from '../../broker/native/addon.js';
import { openDescriptors } from './leaks.js';

/** How many descriptors of this process are memory for payloads, or what a test gives out as such. */
export function openPayloads(): number {
  return [...openDescriptors().values()].filter((target) => target.includes('memfd:')).length;
}

/** Memory with this length and these seals. */
function memory(native: Native, length: number, seals: number): number {
  const descriptor = native.memfdCreate('test', true);
  native.ftruncate(descriptor, length);
  native.addSeals(descriptor, seals);
  return descriptor;
}

const allSeals = Seal.Seal | Seal.Shrink | Seal.Grow | Seal.Write;

/** What is no sealed memory of this length; the descriptor is the caller's. */
export const sealedImpostors: Readonly<Record<string, (native: Native, bytes: number) => number>> = {
  'memory without seals': (native, bytes) => memory(native, bytes, 0),
  'memory that can still be written': (native, bytes) => memory(native, bytes, allSeals & ~Seal.Write),
  'memory that only its next writers are kept from': (native, bytes) =>
    memory(native, bytes, (allSeals & ~Seal.Write) | Seal.FutureWrite),
  'memory that can still shrink': (native, bytes) => memory(native, bytes, allSeals & ~Seal.Shrink),
  'memory whose seals are not final': (native, bytes) => memory(native, bytes, allSeals & ~Seal.Seal),
  'memory that is too short': (native, bytes) => native.sealBytes(Buffer.alloc(bytes), 0, bytes - 1),
  'memory that is too long': (native, bytes) => native.sealBytes(Buffer.alloc(bytes + 1), 0, bytes + 1),
  'empty memory': (native) => native.sealBytes(Buffer.alloc(1), 0, 0),
  'a pipe': (native) => {
    const [out, into] = native.pipe();
    native.close(into);
    return out;
  },
  'a file': (native) => native.open('/proc/self/exe', 0, 0),
  'a directory': (native) => native.open('/', 0, 0),
  'a socket': (native) => {
    const [near, far] = native.socketpair();
    native.close(far);
    return near;
  },
};
