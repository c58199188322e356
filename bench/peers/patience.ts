/**
 * Sending as a careful program does: when a receiver's queue is full it waits until another try is worth while. Nothing that was sent later
 * goes ahead, because the next message is not sent before this one was taken.
 */
import { type Answer, ErrorCode, type Handle, hasCode, type Message } from '../../broker/contract/index.js';

type Target = Pick<Handle, 'send' | 'call' | 'writable'>;

async function patiently<T>(handle: Target, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasCode(error, ErrorCode.OverQuota)) throw error;
      await handle.writable();
    }
  }
}

/** Resolves when the message is accepted; borrows its bytes until then. */
export async function sendPatiently(handle: Target, message: Message): Promise<void> {
  await patiently(handle, () => handle.send(message));
}

/** The answer to a call that may have to be made again, because it was refused without effect. */
export function callPatiently(handle: Target, message: Message): Promise<Answer> {
  return patiently(handle, () => handle.call(message));
}
