/**
 * The generated code of `control.proto` under short names: the codecs that both ends use, and the shapes of the messages. A shape
 * has every field optional, because that is what an encoder takes.
 */
import { capstan } from './generated/control.js';

export const {
  Request,
  Response,
  Events,
  Rights,
  State,
  ServiceType,
  StopReason,
  Activity,
  DependencyKind,
  EventKind,
  Passed,
  PassedKind,
} = capstan.control;

export const ExitKind = capstan.control.Exit.Kind;

export type Request = capstan.control.Request;
export type Response = capstan.control.Response;

export type RequestShape = capstan.control.Request.$Properties;
export type ResponseShape = capstan.control.Response.$Properties;
export type ErrorShape = capstan.control.Error.$Properties;
export type InfoShape = capstan.control.ManagerInfo.$Properties;
export type StatusShape = capstan.control.ServiceStatus.$Properties;
export type ExitShape = capstan.control.Exit.$Properties;
export type FailureShape = capstan.control.Failure.$Properties;
export type OutcomeShape = capstan.control.Outcome.$Properties;
export type DependencyShape = capstan.control.DependencyList.Entry.$Properties;
export type LogLineShape = capstan.control.LogLine.$Properties;
export type LogTextShape = capstan.control.LogText.$Properties;
export type EventShape = capstan.control.Event.$Properties;
export type WhichShape = capstan.control.Which.$Properties;
export type PeerNameShape = capstan.control.PeerName.$Properties;
export type PeerEntryShape = capstan.control.PeerEntry.$Properties;
export type HandleEntryShape = capstan.control.HandleEntry.$Properties;
export type AccountEntryShape = capstan.control.AccountEntry.$Properties;
export type MeasuresShape = capstan.control.Measures.$Properties;
export type TransportMeasuresShape = capstan.control.Measures.Transport.$Properties;
export type PassedItemShape = capstan.control.PassedItem.$Properties;

export type Rights = capstan.control.Rights;
export type State = capstan.control.State;
export type ServiceType = capstan.control.ServiceType;
export type StopReason = capstan.control.StopReason;
export type Activity = capstan.control.Activity;
export type DependencyKind = capstan.control.DependencyKind;
export type EventKind = capstan.control.EventKind;
export type PassedKind = capstan.control.PassedKind;
