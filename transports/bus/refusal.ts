/** Refusals and losses as they stand on the wire (`wire.refusalOf`), for people and for programs. */
import {
  BrokerError,
  ErrorCode,
  type QuotaShortage,
  shortageOf,
  shortageText,
} from '../../broker/contract/errors.js';
import type { Outcome } from '../../broker/contract/transport.js';
import { userName } from './user-name.js';
import { refusalBlame, refusalCode } from './wire.js';

function shortage(word: number, uid: number | undefined): QuotaShortage | undefined {
  const blame = refusalBlame(word);
  return blame === 0 ? undefined : shortageOf(blame, uid, userName(uid));
}

/** The error of a refused request, for a peer of this user. */
export function refusal(word: number, uid?: number): BrokerError {
  const code = refusalCode(word) as ErrorCode;
  const quota = shortage(word, uid);
  if (quota === undefined) return new BrokerError(code, texts[code] ?? 'the broker refused it');
  const when =
    quota.resource === 'nodes'
      ? 'use the places of destroyed ones again, or end a connection that has made many'
      : 'try again when writable';
  return new BrokerError(code, `no room for more ${shortageText(quota)}; ${when}`, { quota });
}

/** Why a call was lost. */
export function loss(word: number, uid?: number): BrokerError {
  const code = refusalCode(word) as ErrorCode;
  const quota = shortage(word, uid);
  if (quota === undefined) return new BrokerError(code, 'nobody will answer: the reply was dropped');
  const text = `an answer came, and there was no room for more ${shortageText(quota)}; take the answers that wait, and call again`;
  return new BrokerError(code, text, { quota });
}

/** What became of one destination that did not get a multicast. */
export function refusedOutcome(word: number, uid?: number): Outcome {
  const code = refusalCode(word);
  const quota = shortage(word, uid);
  return quota === undefined ? { ok: false, code } : { ok: false, code, quota };
}

const texts: { readonly [code: number]: string } = {
  [ErrorCode.InvalidArgument]: 'the broker found an argument wrong',
  [ErrorCode.UnknownHandle]: 'the handle is not known to the broker',
  [ErrorCode.NodeGone]: 'the node is gone',
  [ErrorCode.TooLarge]: 'the message is longer than its node takes',
  [ErrorCode.OverQuota]: 'there is no room; try again when writable',
};
