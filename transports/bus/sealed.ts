/** Payloads outside of packets (sockets S9): making their memory, and reading it. */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { isSystemError, loadNative } from '../../broker/native/addon.js';
import { readSealedMemory } from '../../broker/native/sealed-memory.js';
import { closeDescriptors } from './descriptors.js';

/** Refusals that pass: no descriptor is free, or no memory. */
const passingCodes: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** Sealed memory with these bytes, or why there is none. */
export function sealPayload(bytes: Uint8Array): number | BrokerError {
  try {
    return loadNative().sealBytes(bytes, 0, bytes.byteLength);
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    const code = passingCodes.has(cause.code) ? ErrorCode.OverQuota : ErrorCode.System;
    return new BrokerError(code, `no memory for a large message (${cause.code})`, { cause });
  }
}

/** The bytes; `undefined` if they cannot be read. Takes the descriptor. */
export function openPayload(descriptor: number, length: number): Uint8Array | undefined {
  const bytes = readSealedMemory(loadNative(), descriptor, length);
  closeDescriptors([descriptor]);
  return bytes;
}
