/**
 * A clause of the contract as a function, so that a test of the suite can run it on a transport that is broken on purpose.
 */
import assert from 'node:assert/strict';
import { BrokerError, type ErrorCode, errorName } from '../../broker/contract/errors.js';
import type { Handle, Manifest } from '../../broker/contract/transport.js';
import { bytesOf, textOf } from '../support/collector.js';
import { InVain, within } from '../support/eventually.js';
import type { Fixture, World } from './fixture.js';

export interface Clause {
  /** The number in broker/contract/transport.ts. */
  readonly id: string;
  /** A sentence. Together with the number it is unique. */
  readonly title: string;
  /** Whether it says something about such a transport; default: about all. */
  readonly applies?: (manifest: Manifest, fixture: Fixture) => boolean;
  /** Rejects if the transport does not keep it. */
  readonly run: (world: World) => Promise<void>;
}

/** Asserts that a call on the handle, whose node echoes, comes back with its bytes. */
export async function works(handle: Handle): Promise<void> {
  const answer = await within('a call', handle.call({ bytes: bytesOf('echo') }));
  assert.equal(textOf(answer.bytes), 'echo');
}

/** Asserts that it is refused with this code (one of these codes). */
export function refused(
  what: string,
  attempt: Promise<unknown>,
  ...codes: ErrorCode[]
): Promise<BrokerError> {
  const refusal = awaitRefusal(what, attempt, codes);
  // A clause may look at it later, or fail before it does.
  refusal.catch(() => {});
  return refusal;
}

async function awaitRefusal(
  what: string,
  attempt: Promise<unknown>,
  codes: readonly ErrorCode[],
): Promise<BrokerError> {
  const names = codes.map(errorName).join(' or ');
  try {
    await within(`${what} is refused with ${names}`, attempt);
  } catch (error) {
    if (error instanceof BrokerError && codes.includes(error.code)) return error;
    if (error instanceof InVain) throw error;
    throw new assert.AssertionError({
      message: `${what}: refused with ${error instanceof BrokerError ? error.codeName : error}, not ${names}`,
    });
  }
  throw new assert.AssertionError({ message: `${what}: was not refused with ${names}` });
}

/** Asserts that it throws this code (one of these codes). */
export function throws(what: string, attempt: () => void, ...codes: ErrorCode[]): void {
  const names = codes.map(errorName).join(' or ');
  try {
    attempt();
  } catch (error) {
    if (error instanceof BrokerError && codes.includes(error.code)) return;
    throw new assert.AssertionError({
      message: `${what}: threw ${error instanceof BrokerError ? error.codeName : error}, not ${names}`,
    });
  }
  throw new assert.AssertionError({ message: `${what}: did not throw ${names}` });
}

/** The first of a list that has one. */
export function only<T>(what: string, list: readonly T[]): T {
  const [first] = list;
  assert.equal(list.length, 1, `${what}: one, not ${list.length}`);
  if (first === undefined) throw new assert.AssertionError({ message: `${what}: none` });
  return first;
}
