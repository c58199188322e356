/**
 * Invitations: a pipe with the address of the server's peer and a ticket for one hello in it. Who reads it first has it; the server
 * keeps the other end, and learns from it that nobody can read it any more.
 */
import type { CapabilityNode } from '../../broker/contract/transport.js';
import { loadNative } from '../../broker/native/addon.js';
import type { PacketLoop, Watch } from '../../broker/native/packets.js';
import { encodeAddress, isAddress, readAddress, secretBytes } from './wire.js';

/** The letters that an invitation begins with. */
const letters = Buffer.from('CAPD');
const invitationBytesMax = 256;

/** What an invitation says. */
export interface Guest {
  readonly path: string;
  readonly ticket: Buffer;
}

export class Invitation {
  readonly ticket: Buffer;
  readonly root: CapabilityNode;
  /** The guest's end; the caller's. */
  readonly descriptor: number;
  readonly #own: number;
  readonly #watch: Watch;
  #isOpen = true;

  /** `unread` is called when nobody can read it any more. Throws if there are no descriptors; then nothing is left open. */
  constructor(loop: PacketLoop, path: string, ticket: Buffer, root: CapabilityNode, unread: () => void) {
    const native = loadNative();
    const [guest, own] = native.pipe();
    const text = Buffer.concat([letters, ticket, encodeAddress(path)]);
    try {
      native.write(own, text, 0, text.length);
      this.#watch = loop.watch(own, unread);
    } catch (error) {
      native.close(guest);
      native.close(own);
      throw error;
    }
    this.ticket = ticket;
    this.root = root;
    this.descriptor = guest;
    this.#own = own;
  }

  /** It is used, or void. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#watch.stop();
    loadNative().close(this.#own);
  }
}

/**
 * Reads an invitation. `undefined` if it is none. The descriptor stays the caller's, who closes it when the server has answered:
 * until then it shows the server that somebody is coming.
 */
export function readInvitation(descriptor: number): Guest | undefined {
  const native = loadNative();
  const bytes = Buffer.alloc(invitationBytesMax);
  const length = native.read(descriptor, bytes, 0, bytes.length);
  const addressAt = letters.length + secretBytes;
  if (length <= addressAt || !bytes.subarray(0, letters.length).equals(letters)) return undefined;
  if (!isAddress(bytes, addressAt, length)) return undefined;
  return { path: readAddress(bytes, addressAt), ticket: bytes.subarray(letters.length, addressAt) };
}
