/** What is used of Temporal's SDK. Reading it takes longer than most answers of the store: only who asks a server does. */
export { Client, Connection, isGrpcServiceError } from '@temporalio/client';
export { defaultPayloadConverter } from '@temporalio/common';
export {
  aliasRequestSignal,
  branchesStatusQuery,
  budgetSignal,
  pauseSignal,
  probesQuery,
  promotionDecisionSignal,
  resumeSignal,
  setUpdate,
  statusQuery,
  stopSignal,
  sweepChangeSignal,
  sweepStatusQuery,
} from '../../workflows/run/messages.ts';
