/**
 * What W3 is in the Node contenders: an owner whose nodes are connections or ports, a giver who passes them on, and a taker who makes one
 * call on one of them (bench/peers/grant.h says the same for C, and what a sample is).
 */
import type { ClosedLoop } from '../client-port.js';

/** What the taker tells the giver. `answeredNs` is decimal, because JSON has no large integers. */
export interface TakerAnswer {
  readonly number: number;
  readonly index: number;
  readonly handles: number;
  readonly answeredNs: string;
}

/** An answer of the owner: the number, changed, and which of its nodes was asked; two u32. */
export const ownerAnswerBytes = 8;

export function createOwnerAnswer(number: number, index: number): Uint8Array {
  const answer = new Uint8Array(ownerAnswerBytes);
  const view = new DataView(answer.buffer);
  view.setUint32(0, (number ^ 1) >>> 0, true);
  view.setUint32(4, index, true);
  return answer;
}

/** What the taker makes of an answer of the owner that has just come. */
export function tellAnswer(answer: Uint8Array, handles: number): TakerAnswer {
  const answeredNs = String(process.hrtime.bigint());
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  return { number: view.getUint32(0, true), index: view.getUint32(4, true), handles, answeredNs };
}

/** The giver's loop: `give` passes `count` handles on with message `number` and resolves when the taker has answered. */
export function createGiverLoop(count: number, give: (number: number) => Promise<TakerAnswer>): ClosedLoop {
  let number = 0;
  return async (endMs, samples) => {
    let violations = 0;
    while (performance.now() < endMs && !samples.isFull) {
      number = (number + 1) >>> 0;
      const start = process.hrtime.bigint();
      const answer = await give(number);
      samples.add(Number(BigInt(answer.answeredNs) - start) / 1e6);
      const isRight =
        answer.number === (number ^ 1) >>> 0 && answer.index === number % count && answer.handles === count;
      if (!isRight) violations++;
    }
    return violations;
  };
}
