/** Refusals and losses as they stand on the wire (`wire.refusalOf`), for people and for programs. */
import { BrokerError, ErrorCode, shortageOf, shortageText } from '../../broker/contract/errors.js';
import type { Outcome } from '../../broker/contract/transport.js';
import { refusalBlame, refusalCode } from './wire.js';

/** The error of a refused request, for a peer of this account. */
export function refusal(word: number, account?: number): BrokerError {
  const code = refusalCode(word) as ErrorCode;
  const quota = shortageOf(refusalBlame(word), account);
  if (quota === undefined) return new BrokerError(code, texts[code] ?? 'the broker refused it');
  const when = quota.kind === 'nodes' ? '' : '; try again when writable';
  return new BrokerError(code, `no room for more ${shortageText(quota)}${when}`, { quota });
}

/** Why a call was lost. */
export function loss(word: number, account?: number): BrokerError {
  const code = refusalCode(word) as ErrorCode;
  const quota = shortageOf(refusalBlame(word), account);
  if (quota === undefined) return new BrokerError(code, 'nobody will answer: the reply was dropped');
  return new BrokerError(code, `an answer came and there was no room for its ${shortageText(quota)}`, {
    quota,
  });
}

/** What became of one destination that did not get a multicast. */
export function refusedOutcome(word: number, account?: number): Outcome {
  const code = refusalCode(word);
  const quota = shortageOf(refusalBlame(word), account);
  return quota === undefined ? { ok: false, code } : { ok: false, code, quota };
}

const texts: { readonly [code: number]: string } = {
  [ErrorCode.InvalidArgument]: 'the broker found an argument wrong',
  [ErrorCode.UnknownHandle]: 'the handle is not known to the broker',
  [ErrorCode.NodeGone]: 'the node is gone',
  [ErrorCode.OverQuota]: 'there is no room; try again when writable',
};
