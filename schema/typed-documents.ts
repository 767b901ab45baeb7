/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** The status of an account. */
export type AccountStatus =
  /** The account is empty and permanently closed. */
  | 'CLOSED'
  /** Cash and shares can enter the account, but cannot leave it. The account can be opened again. */
  | 'FROZEN'
  /** Cash and shares can enter and leave the account. */
  | 'OPEN';

/** The kind of an asset. */
export type AssetKind =
  /** Cash in one currency. */
  | 'CASH'
  /** Shares of one instrument. */
  | 'SHARES';

/** The input of the `cancelOrder` command. */
export type CancelOrderInput = {
  /** Whether to decide and answer the command without recording anything. The payload then shows the state that would result, and its proposedEvents lists the events. */
  dryRun?: boolean | null | undefined;
  /** A key of 1 to 200 characters that makes the command safe to send again: with the same input, the recorded answer is returned and nothing is recorded twice. With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate keys, and keys never expire. If omitted, each request is a new command. */
  idempotencyKey?: string | null | undefined;
  /** The id of the order to cancel, a UUID. */
  orderId: string;
  /** A reason of up to 200 characters, recorded in the event. If omitted, there is none. */
  reason?: string | null | undefined;
};

/** The input of the `depositCash` command. */
export type DepositCashInput = {
  /** The id of the account, a UUID. */
  accountId: string;
  /** The amount, in the account's currency. It must be greater than zero and no finer than the currency's minor unit. */
  amount: string;
  /** Whether to decide and answer the command without recording anything. The payload then shows the state that would result, and its proposedEvents lists the events. */
  dryRun?: boolean | null | undefined;
  /** The version that the stream of the account or instrument must have. For a transfer, this is the stream of the sending account. If the stream has another version, the command is rejected with VersionConflictError. If omitted, any version is accepted. */
  expectedVersion?: number | null | undefined;
  /** A key of 1 to 200 characters that makes the command safe to send again: with the same input, the recorded answer is returned and nothing is recorded twice. With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate keys, and keys never expire. If omitted, each request is a new command. */
  idempotencyKey?: string | null | undefined;
  /** The time at which the fact happened, if it is earlier than now. A time up to 5 seconds ahead of the server's time counts as now; a later time is a BAD_USER_INPUT error. If omitted, it is the time of recording. */
  occurredAt?: string | null | undefined;
  /** A note of up to 200 characters, recorded in the event. If omitted, there is none. */
  reference?: string | null | undefined;
};

/** The input of the `depositShares` command. */
export type DepositSharesInput = {
  /** The id of the account, a UUID. */
  accountId: string;
  /** The cost of one share to the owner, in the account's currency, zero or more. */
  costPrice: string;
  /** Whether to decide and answer the command without recording anything. The payload then shows the state that would result, and its proposedEvents lists the events. */
  dryRun?: boolean | null | undefined;
  /** A key of 1 to 200 characters that makes the command safe to send again: with the same input, the recorded answer is returned and nothing is recorded twice. With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate keys, and keys never expire. If omitted, each request is a new command. */
  idempotencyKey?: string | null | undefined;
  /** The time at which the fact happened, if it is earlier than now. A time up to 5 seconds ahead of the server's time counts as now; a later time is a BAD_USER_INPUT error. If omitted, it is the time of recording. */
  occurredAt?: string | null | undefined;
  /** The number of shares, a multiple of the lot size. */
  quantity: string;
  /** A note of up to 200 characters, recorded in the event. If omitted, there is none. */
  reference?: string | null | undefined;
  /** The symbol of the instrument, in upper case. */
  symbol: string;
};

/** The name of an event type, which is also the name of the object type of its events. In a filter, the name may also be given as a string. */
export type EventType =
  /** An actor was given access to the account. It replaces the access that the actor had before. */
  | 'AccessGranted'
  /** The access of an actor to the account was revoked. */
  | 'AccessRevoked'
  /** The account was closed permanently. It was empty. */
  | 'AccountClosed'
  /** The account was frozen: cash and shares cannot leave it until it is unfrozen. Its open orders are canceled. */
  | 'AccountFrozen'
  /** An empty account was opened. */
  | 'AccountOpened'
  /** The account was unfrozen: it is open again. */
  | 'AccountUnfrozen'
  /** The order book of the instrument was opened. */
  | 'BookOpened'
  /** The cancellation of all open orders of an account in the book was queued. It is carried out in the next commands, after the work that was queued before it. */
  | 'CancelsQueued'
  /** Cash was deposited into the account. */
  | 'CashDeposited'
  /** Cash was reserved for an open order. The amount is 0 for a stop order to buy without a limit, which pays from the available cash when it is triggered. */
  | 'CashHeld'
  /** Cash that was reserved for an order was released. */
  | 'CashReleased'
  /** Cash was transferred from another account. The previous event in the log is the sending account's CashTransferredOut. */
  | 'CashTransferredIn'
  /** Cash was transferred to another account. The next event in the log is the receiving account's CashTransferredIn. */
  | 'CashTransferredOut'
  /** Cash was withdrawn from the account. */
  | 'CashWithdrawn'
  /** A client order id was assigned to an open order. No other open order of the account has it. */
  | 'ClientOrderIdAssigned'
  /** An instrument was listed: it can be priced and traded. */
  | 'InstrumentListed'
  /** Interest was credited to the account. */
  | 'InterestCredited'
  /** The book completed all work that earlier commands had left in it. */
  | 'MatchingFinished'
  /** A command left work in the book, because one command may do only a limited amount of it. The server continues the work by itself. Later commands for the book are decided after this work. */
  | 'MatchingPaused'
  /** An order, or its remainder after it had traded, was added to the book. */
  | 'OrderBooked'
  /** The remainder of an order was canceled. */
  | 'OrderCanceled'
  /** The remainder of an order expired. */
  | 'OrderExpired'
  /** A stop order began to wait for its trigger price. */
  | 'OrderHeld'
  /** An incoming order was paused because it had traded with as many orders as one command allows. It continues in the next command, before anything else happens in the book. All that it may spend is reserved until then. */
  | 'OrderPaused'
  /** An order was placed. */
  | 'OrderPlaced'
  /** A well-formed order was rejected by the market. */
  | 'OrderRejected'
  /** An order was replaced by another order. */
  | 'OrderReplaced'
  /** A price triggered a stop order, and the order entered the market. */
  | 'OrderTriggered'
  /** The name or the email address of a person was changed. */
  | 'PersonChanged'
  /** A person was forgotten: the key of all personal texts about the person was destroyed. They are null in all events and at every moment, and cannot be recovered. */
  | 'PersonErased'
  /** A person was registered. */
  | 'PersonRegistered'
  /** A price from an external source was queued, because earlier commands had left work in the book. It takes effect when this work is done. */
  | 'PriceQueued'
  /** An external source reported a price, effective at occurredAt. */
  | 'PriceRecorded'
  /** A purchase was settled: the account received shares, and paid the amount and the fee. */
  | 'PurchaseSettled'
  /** A price from an external source became the last price, which can trigger stop orders. */
  | 'ReferencePriceSet'
  /** A sale was settled: the account delivered shares, and received the amount less the fee. */
  | 'SaleSettled'
  /** Shares were deposited into the account. */
  | 'SharesDeposited'
  /** Shares were reserved for an open order. */
  | 'SharesHeld'
  /** Shares that were reserved for an order were released. */
  | 'SharesReleased'
  /** Trades reached more stop orders than one command could process. The remaining stop orders enter the market in the next commands, ordered by priority, after those that were reached before. */
  | 'StopsReached'
  /** A price from an external source reached more stop orders than one command could process. The remaining stop orders enter the market in the next commands, ordered by priority, after those that were reached before. */
  | 'StopsReachedByPrice'
  /** Two orders traded with each other. The totals of the orders include this trade. */
  | 'TradeExecuted'
  /** Trading was halted: until it resumes, new orders are rejected and stop orders are not triggered. */
  | 'TradingHalted'
  /** Trading was resumed: new orders are accepted again. */
  | 'TradingResumed'
  /** The type is not defined by this server, or no longer: its name is in UnregisteredEvent.recordedType. A filter cannot contain this value. */
  | 'UnregisteredEvent';

/** An account of the ledger. */
export type LedgerAccount =
  /** The cash and shares in the accounts of customers. */
  | 'CUSTOMERS'
  /** The cash and shares that left the system less those that entered it. */
  | 'EXTERNAL'
  /** The fees earned from trades. */
  | 'FEES'
  /** The interest credited to customers. It is negative or zero. */
  | 'INTEREST'
  /** The cash that the house gained by rounding the cash of orders to minor units. It is never negative. */
  | 'ROUNDING'
  /** The cash between the two halves of a transfer. */
  | 'TRANSIT';

/** The input of the `listInstrument` command. */
export type ListInstrumentInput = {
  /** The currency of the prices, an ISO 4217 code in upper case like "USD". */
  currency: string;
  /** Whether to decide and answer the command without recording anything. The payload then shows the state that would result, and its proposedEvents lists the events. */
  dryRun?: boolean | null | undefined;
  /** A key of 1 to 200 characters that makes the command safe to send again: with the same input, the recorded answer is returned and nothing is recorded twice. With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate keys, and keys never expire. If omitted, each request is a new command. */
  idempotencyKey?: string | null | undefined;
  /** The lot size, in shares. Quantities of orders must be multiples of it. It must be greater than zero and have at most 15 digits. */
  lotSize: string;
  /** The fee of the resting side of a trade, in basis points (hundredths of a percent) of the amount, 0 to 1000. If omitted, 0. */
  makerFeeBps?: string | null | undefined;
  /** The name of the instrument, of 1 to 200 characters. */
  name: string;
  /** The time at which the fact happened, if it is earlier than now. A time up to 5 seconds ahead of the server's time counts as now; a later time is a BAD_USER_INPUT error. If omitted, it is the time of recording. */
  occurredAt?: string | null | undefined;
  /** The symbol of the new instrument, like "MSFT": 1 to 20 characters from A-Z, 0-9, ".", "^", "_" and "-", beginning with a letter or a digit. */
  symbol: string;
  /** The fee of the incoming side of a trade, in basis points (hundredths of a percent) of the amount, 0 to 1000. If omitted, 0. */
  takerFeeBps?: string | null | undefined;
  /** The tick size, in the instrument's currency. Prices of orders must be multiples of it. It must be greater than zero and have at most 15 digits. */
  tickSize: string;
};

/** The input of the `openAccount` command. */
export type OpenAccountInput = {
  /** The id of the new account, a UUID. If omitted, the server generates one. */
  accountId?: string | null | undefined;
  /** The account's currency, an ISO 4217 code in upper case like "USD". */
  currency: string;
  /** Whether to decide and answer the command without recording anything. The payload then shows the state that would result, and its proposedEvents lists the events. */
  dryRun?: boolean | null | undefined;
  /** A key of 1 to 200 characters that makes the command safe to send again: with the same input, the recorded answer is returned and nothing is recorded twice. With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate keys, and keys never expire. If omitted, each request is a new command. */
  idempotencyKey?: string | null | undefined;
  /** The time at which the fact happened, if it is earlier than now. A time up to 5 seconds ahead of the server's time counts as now; a later time is a BAD_USER_INPUT error. If omitted, it is the time of recording. */
  occurredAt?: string | null | undefined;
  /** The name of the owner, 1 to 200 characters. */
  owner: string;
};

/** The status of an order (FIX OrdStatus). HELD, NEW and PARTIALLY_FILLED are open. */
export type OrderStatus =
  /** The remainder of the order was canceled by the client or by the market. */
  | 'CANCELED'
  /** The remainder of the order expired. */
  | 'EXPIRED'
  /** The order has traded in full. */
  | 'FILLED'
  /** The stop order waits for its trigger price. */
  | 'HELD'
  /** The order is open and has not traded. */
  | 'NEW'
  /** The order is open and has traded in part. */
  | 'PARTIALLY_FILLED'
  /** The order was rejected and has never been open. */
  | 'REJECTED'
  /** The order was replaced by another order. */
  | 'REPLACED';

/** The type of an order. */
export type OrderType =
  /** The order trades at its limit price or a better one. */
  | 'LIMIT'
  /** The order trades immediately at any price and never rests. */
  | 'MARKET'
  /** The order waits until the last price reaches its stop price. It then enters the market as a MARKET order. */
  | 'STOP'
  /** The order waits until the last price reaches its stop price. It then enters the market as a LIMIT order. */
  | 'STOP_LIMIT';

/** The input of the `placeOrder` command. */
export type PlaceOrderInput = {
  /** The id of the account, a UUID. */
  accountId: string;
  /** The client's own id for the order (FIX ClOrdID), of up to 200 characters. No other open order of the account may have it. If omitted, the order has none. */
  clientOrderId?: string | null | undefined;
  /** Whether to decide and answer the command without recording anything. The payload then shows the state that would result, and its proposedEvents lists the events. */
  dryRun?: boolean | null | undefined;
  /** The time at which the order expires, in the future. Required for GTD orders; not allowed for others. */
  expiresAt?: string | null | undefined;
  /** A key of 1 to 200 characters that makes the command safe to send again: with the same input, the recorded answer is returned and nothing is recorded twice. With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate keys, and keys never expire. If omitted, each request is a new command. */
  idempotencyKey?: string | null | undefined;
  /** The worst price at which the order may trade, per share, in the instrument's currency, a multiple of the tick size. Required for LIMIT and STOP_LIMIT orders; not allowed for others. */
  limitPrice?: string | null | undefined;
  /** The id of the new order, a UUID. If omitted, the server generates one. */
  orderId?: string | null | undefined;
  /** Whether to reject the order if it would trade immediately. Allowed for LIMIT orders with DAY, GTC or GTD. If omitted, false. */
  postOnly?: boolean | null | undefined;
  /** The number of shares (FIX OrderQty), a multiple of the lot size. */
  quantity: string;
  /** The side of the order: BUY or SELL. */
  side: Side;
  /** The price that triggers the order, per share, in the instrument's currency, a multiple of the tick size. Required for STOP and STOP_LIMIT orders; not allowed for others. */
  stopPrice?: string | null | undefined;
  /** The symbol of the instrument, in upper case. */
  symbol: string;
  /** The time for which the order is in force. */
  timeInForce: TimeInForce;
  /** The type of the order. */
  type: OrderType;
};

/** The input of the `replaceOrder` command. */
export type ReplaceOrderInput = {
  /** Whether to decide and answer the command without recording anything. The payload then shows the state that would result, and its proposedEvents lists the events. */
  dryRun?: boolean | null | undefined;
  /** A key of 1 to 200 characters that makes the command safe to send again: with the same input, the recorded answer is returned and nothing is recorded twice. With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate keys, and keys never expire. If omitted, each request is a new command. */
  idempotencyKey?: string | null | undefined;
  /** The new limit price, in the instrument's currency. If omitted, that of the replaced order is kept. */
  limitPrice?: string | null | undefined;
  /** The id of the new order, a UUID. If omitted, the server generates one. */
  newOrderId?: string | null | undefined;
  /** The id of the order to replace, a UUID. */
  orderId: string;
  /** The new total number of shares, including those already traded. If omitted, that of the replaced order is kept. */
  quantity?: string | null | undefined;
  /** The new stop price, in the instrument's currency. If omitted, that of the replaced order is kept. */
  stopPrice?: string | null | undefined;
};

/** The side of an order. */
export type Side =
  /** The order buys shares for cash. */
  | 'BUY'
  /** The order sells shares for cash. */
  | 'SELL';

/** The time for which an order is in force. */
export type TimeInForce =
  /** The order expires at the end of the UTC day on which it was placed. */
  | 'DAY'
  /** The order trades immediately and in full, or is canceled. */
  | 'FOK'
  /** The order is open until it is filled or canceled. */
  | 'GTC'
  /** The order expires at its `expiresAt`. */
  | 'GTD'
  /** The order trades immediately, and its remainder is canceled. */
  | 'IOC';

/** The input of the `transferCash` command. */
export type TransferCashInput = {
  /** The amount, in the account's currency. It must be greater than zero and no finer than the currency's minor unit. */
  amount: string;
  /** Whether to decide and answer the command without recording anything. The payload then shows the state that would result, and its proposedEvents lists the events. */
  dryRun?: boolean | null | undefined;
  /** The version that the stream of the account or instrument must have. For a transfer, this is the stream of the sending account. If the stream has another version, the command is rejected with VersionConflictError. If omitted, any version is accepted. */
  expectedVersion?: number | null | undefined;
  /** The id of the account that sends the cash, a UUID. expectedVersion refers to it. */
  fromAccountId: string;
  /** A key of 1 to 200 characters that makes the command safe to send again: with the same input, the recorded answer is returned and nothing is recorded twice. With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate keys, and keys never expire. If omitted, each request is a new command. */
  idempotencyKey?: string | null | undefined;
  /** The time at which the fact happened, if it is earlier than now. A time up to 5 seconds ahead of the server's time counts as now; a later time is a BAD_USER_INPUT error. If omitted, it is the time of recording. */
  occurredAt?: string | null | undefined;
  /** A note of up to 200 characters, recorded in the event. If omitted, there is none. */
  reference?: string | null | undefined;
  /** The id of the account that receives the cash, a UUID. */
  toAccountId: string;
};

export type OpenMutationVariables = Exact<{
  first: OpenAccountInput;
  second: OpenAccountInput;
}>;


export type OpenMutation = { first:
    | { __typename: 'AccountAlreadyExistsError', code: string, message: string }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'OpenAccountPayload', sequence: string, replayed: boolean, account: { id: string, owner: string, balance: string } }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null, second:
    | { __typename: 'AccountAlreadyExistsError', code: string, message: string }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'OpenAccountPayload', sequence: string, replayed: boolean, account: { id: string, owner: string, balance: string } }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null };

type Opened_AccountAlreadyExistsError_Fragment = { __typename: 'AccountAlreadyExistsError', code: string, message: string };

type Opened_ForbiddenError_Fragment = { __typename: 'ForbiddenError', code: string, message: string };

type Opened_IdempotencyKeyReusedError_Fragment = { __typename: 'IdempotencyKeyReusedError', code: string, message: string };

type Opened_OpenAccountPayload_Fragment = { __typename: 'OpenAccountPayload', sequence: string, replayed: boolean, account: { id: string, owner: string, balance: string } };

type Opened_VersionConflictError_Fragment = { __typename: 'VersionConflictError', code: string, message: string };

export type OpenedFragment =
  | Opened_AccountAlreadyExistsError_Fragment
  | Opened_ForbiddenError_Fragment
  | Opened_IdempotencyKeyReusedError_Fragment
  | Opened_OpenAccountPayload_Fragment
  | Opened_VersionConflictError_Fragment
;

export type MoveMutationVariables = Exact<{
  deposit: DepositCashInput;
  transfer: TransferCashInput;
}>;


export type MoveMutation = { depositCash:
    | { __typename: 'AccountNotFoundError', code: string, message: string }
    | { __typename: 'AccountNotOpenError', code: string, message: string }
    | { __typename: 'DepositCashPayload', sequence: string, account: { id: string, balance: string }, events: Array<
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
        | { id: string, type: EventType, recordedAt: string }
      > }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'InvalidAmountError', code: string, message: string }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null, transferCash:
    | { __typename: 'AccountNotFoundError', code: string, message: string }
    | { __typename: 'AccountNotOpenError', code: string, message: string }
    | { __typename: 'CurrencyMismatchError', code: string, message: string }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'InsufficientFundsError', code: string, message: string }
    | { __typename: 'InvalidAmountError', code: string, message: string }
    | { __typename: 'InvalidTransferError', code: string, message: string }
    | { __typename: 'TransferCashPayload', sequence: string, from: { id: string, balance: string }, to: { id: string, balance: string } | null }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null };

export type LookBackQueryVariables = Exact<{
  id: string;
}>;


export type LookBackQuery = { now: { id: string, balance: string, version: number, updatedAt: string } | null, before: { id: string, balance: string, version: number, updatedAt: string } | null, log: { sequence: string, recordedAt: string | null } | null };

export type WhyQueryVariables = Exact<{
  id: string;
}>;


export type WhyQuery = { account: { id: string, balance: string, history: { nodes: Array<
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { amount: string, reference: string | null, id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { amount: string, toAccountId: string, id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
        | { id: string, sequence: string, type: EventType, recordedAt: string, actor: string | null }
      > } } | null };

export type WatchSubscriptionVariables = Exact<{
  id: string;
}>;


export type WatchSubscription = { account: { sequence: string, account: { id: string, balance: string, available: string, status: AccountStatus }, event:
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
     | null } };

export type LogSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type LogSubscription = { events: { sequence: string, event:
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
      | { id: string, type: EventType, streamId: string, recordedAt: string, data: unknown }
     | null } };

export type PrepareMutationVariables = Exact<{
  stock: ListInstrumentInput;
  buyer: OpenAccountInput;
  seller: OpenAccountInput;
  cash: DepositCashInput;
  shares: DepositSharesInput;
}>;


export type PrepareMutation = { listInstrument:
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'InstrumentAlreadyExistsError', code: string, message: string }
    | { __typename: 'ListInstrumentPayload' }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null, buyer:
    | { __typename: 'AccountAlreadyExistsError', code: string, message: string }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'OpenAccountPayload' }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null, seller:
    | { __typename: 'AccountAlreadyExistsError', code: string, message: string }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'OpenAccountPayload' }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null, depositCash:
    | { __typename: 'AccountNotFoundError', code: string, message: string }
    | { __typename: 'AccountNotOpenError', code: string, message: string }
    | { __typename: 'DepositCashPayload', account: { id: string, owner: string, balance: string } }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'InvalidAmountError', code: string, message: string }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null, depositShares:
    | { __typename: 'AccountNotFoundError', code: string, message: string }
    | { __typename: 'AccountNotOpenError', code: string, message: string }
    | { __typename: 'CurrencyMismatchError', code: string, message: string }
    | { __typename: 'DepositSharesPayload', account: { id: string, owner: string, positions: Array<{ id: string, symbol: string, quantity: string, averageCost: string }> } }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'InstrumentNotFoundError', code: string, message: string }
    | { __typename: 'InvalidPriceError', code: string, message: string }
    | { __typename: 'InvalidQuantityError', code: string, message: string }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null };

export type PlaceMutationVariables = Exact<{
  offer: PlaceOrderInput;
}>;


export type PlaceMutation = { placeOrder:
    | { __typename: 'AccountNotFoundError', code: string, message: string }
    | { __typename: 'AccountNotOpenError', code: string, message: string }
    | { __typename: 'ClientOrderIdInUseError', code: string, message: string }
    | { __typename: 'CurrencyMismatchError', code: string, message: string }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'InstrumentHaltedError', code: string, message: string }
    | { __typename: 'InstrumentNotFoundError', code: string, message: string }
    | { __typename: 'InsufficientFundsError', code: string, message: string }
    | { __typename: 'InsufficientSharesError', code: string, message: string }
    | { __typename: 'InvalidAmountError', code: string, message: string }
    | { __typename: 'InvalidPriceError', code: string, message: string }
    | { __typename: 'InvalidQuantityError', code: string, message: string }
    | { __typename: 'OrderAlreadyExistsError', code: string, message: string }
    | { __typename: 'OrderTooSmallError', code: string, message: string }
    | { __typename: 'PlaceOrderPayload', sequence: string, order: { id: string, status: OrderStatus, quantity: string, leavesQuantity: string }, account: { id: string, positions: Array<{ id: string, quantity: string, held: string }> } }
    | { __typename: 'PostOnlyWouldCrossError', code: string, message: string }
    | { __typename: 'TooManyOpenOrdersError', code: string, message: string }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null };

export type WatchOrderSubscriptionVariables = Exact<{
  id: string;
}>;


export type WatchOrderSubscription = { order: { sequence: string, order: { id: string, status: OrderStatus, filledQuantity: string, leavesQuantity: string, averagePrice: string | null }, event:
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
      | { id: string, type: EventType, recordedAt: string }
     | null } };

export type WatchBookSubscriptionVariables = Exact<{
  symbol: string;
}>;


export type WatchBookSubscription = { orderBook: { sequence: string, orderBook: { id: string, asks: Array<{ price: string, quantity: string }>, bids: Array<{ price: string, quantity: string }> } } };

export type BuyMutationVariables = Exact<{
  bid: PlaceOrderInput;
}>;


export type BuyMutation = { placeOrder:
    | { __typename: 'AccountNotFoundError', code: string, message: string }
    | { __typename: 'AccountNotOpenError', code: string, message: string }
    | { __typename: 'ClientOrderIdInUseError', code: string, message: string }
    | { __typename: 'CurrencyMismatchError', code: string, message: string }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'InstrumentHaltedError', code: string, message: string }
    | { __typename: 'InstrumentNotFoundError', code: string, message: string }
    | { __typename: 'InsufficientFundsError', code: string, message: string }
    | { __typename: 'InsufficientSharesError', code: string, message: string }
    | { __typename: 'InvalidAmountError', code: string, message: string }
    | { __typename: 'InvalidPriceError', code: string, message: string }
    | { __typename: 'InvalidQuantityError', code: string, message: string }
    | { __typename: 'OrderAlreadyExistsError', code: string, message: string }
    | { __typename: 'OrderTooSmallError', code: string, message: string }
    | { __typename: 'PlaceOrderPayload', sequence: string, order: { id: string, status: OrderStatus, filledQuantity: string, averagePrice: string | null }, trades: Array<{ id: string, price: string, quantity: string, amount: string, buyFee: string, sellFee: string, sellOrder: { id: string, status: OrderStatus, leavesQuantity: string } | null }>, account: { id: string, balance: string, held: string, positions: Array<{ id: string, symbol: string, quantity: string, averageCost: string }> } }
    | { __typename: 'PostOnlyWouldCrossError', code: string, message: string }
    | { __typename: 'TooManyOpenOrdersError', code: string, message: string }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null };

export type ReplaceMutationVariables = Exact<{
  change: ReplaceOrderInput;
}>;


export type ReplaceMutation = { replaceOrder:
    | { __typename: 'AccountNotFoundError', code: string, message: string }
    | { __typename: 'AccountNotOpenError', code: string, message: string }
    | { __typename: 'CurrencyMismatchError', code: string, message: string }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'InstrumentHaltedError', code: string, message: string }
    | { __typename: 'InstrumentNotFoundError', code: string, message: string }
    | { __typename: 'InsufficientFundsError', code: string, message: string }
    | { __typename: 'InsufficientSharesError', code: string, message: string }
    | { __typename: 'InvalidAmountError', code: string, message: string }
    | { __typename: 'InvalidPriceError', code: string, message: string }
    | { __typename: 'InvalidQuantityError', code: string, message: string }
    | { __typename: 'OrderAlreadyExistsError', code: string, message: string }
    | { __typename: 'OrderNotFoundError', code: string, message: string }
    | { __typename: 'OrderNotOpenError', code: string, message: string }
    | { __typename: 'OrderTooSmallError', code: string, message: string }
    | { __typename: 'PostOnlyWouldCrossError', code: string, message: string }
    | { __typename: 'ReplaceOrderPayload', sequence: string, replaced: { id: string, status: OrderStatus, replacedBy: { id: string } | null }, order: { id: string, status: OrderStatus, quantity: string, filledQuantity: string, leavesQuantity: string, limitPrice: string | null, fills: Array<{ id: string, price: string, quantity: string }> } }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null };

export type CancelMutationVariables = Exact<{
  cancel: CancelOrderInput;
}>;


export type CancelMutation = { cancelOrder:
    | { __typename: 'CancelOrderPayload', sequence: string, replayed: boolean, order: { id: string, status: OrderStatus, filledQuantity: string, leavesQuantity: string, reason: string | null }, account: { id: string, positions: Array<{ id: string, quantity: string, held: string }> } }
    | { __typename: 'ForbiddenError', code: string, message: string }
    | { __typename: 'IdempotencyKeyReusedError', code: string, message: string }
    | { __typename: 'OrderNotFoundError', code: string, message: string }
    | { __typename: 'OrderNotOpenError', code: string, message: string }
    | { __typename: 'VersionConflictError', code: string, message: string }
   | null };

export type PortfoliosQueryVariables = Exact<{
  id: string;
  moment: string;
}>;


export type PortfoliosQuery = { now: { id: string, portfolio: { id: string, sequence: string, cash: string, marketValue: string, equity: string, realizedPnl: string, unrealizedPnl: string, positions: Array<{ id: string, symbol: string, quantity: string, averageCost: string, marketPrice: string | null, marketValue: string | null }> } } | null, before: { id: string, portfolio: { id: string, sequence: string, cash: string, marketValue: string, equity: string, realizedPnl: string, unrealizedPnl: string, positions: Array<{ id: string, symbol: string, quantity: string, averageCost: string, marketPrice: string | null, marketValue: string | null }> } } | null };

export type WorthFragment = { id: string, sequence: string, cash: string, marketValue: string, equity: string, realizedPnl: string, unrealizedPnl: string, positions: Array<{ id: string, symbol: string, quantity: string, averageCost: string, marketPrice: string | null, marketValue: string | null }> };

export type ProofQueryVariables = Exact<{ [key: string]: never; }>;


export type ProofQuery = { trialBalance: { sequence: string, isBalanced: boolean, assets: Array<{ kind: AssetKind, asset: string, total: string, entries: Array<{ account: LedgerAccount, balance: string }> }> } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const OpenedFragmentDoc = new TypedDocumentString(`
    fragment Opened on OpenAccountResult {
  __typename
  ... on OpenAccountPayload {
    sequence
    replayed
    account {
      id
      owner
      balance
    }
  }
  ... on Error {
    code
    message
  }
}
    `, {"fragmentName":"Opened"}) as unknown as TypedDocumentString<OpenedFragment, unknown>;
export const WorthFragmentDoc = new TypedDocumentString(`
    fragment Worth on Portfolio {
  id
  sequence
  cash
  marketValue
  equity
  realizedPnl
  unrealizedPnl
  positions {
    id
    symbol
    quantity
    averageCost
    marketPrice
    marketValue
  }
}
    `, {"fragmentName":"Worth"}) as unknown as TypedDocumentString<WorthFragment, unknown>;
export const OpenDocument = new TypedDocumentString(`
    mutation Open($first: OpenAccountInput!, $second: OpenAccountInput!) {
  first: openAccount(input: $first) {
    ...Opened
  }
  second: openAccount(input: $second) {
    ...Opened
  }
}
    fragment Opened on OpenAccountResult {
  __typename
  ... on OpenAccountPayload {
    sequence
    replayed
    account {
      id
      owner
      balance
    }
  }
  ... on Error {
    code
    message
  }
}`) as unknown as TypedDocumentString<OpenMutation, OpenMutationVariables>;
export const MoveDocument = new TypedDocumentString(`
    mutation Move($deposit: DepositCashInput!, $transfer: TransferCashInput!) {
  depositCash(input: $deposit) {
    __typename
    ... on DepositCashPayload {
      sequence
      account {
        id
        balance
      }
      events {
        id
        type
        recordedAt
      }
    }
    ... on Error {
      code
      message
    }
  }
  transferCash(input: $transfer) {
    __typename
    ... on TransferCashPayload {
      sequence
      from {
        id
        balance
      }
      to {
        id
        balance
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<MoveMutation, MoveMutationVariables>;
export const LookBackDocument = new TypedDocumentString(`
    query LookBack($id: ID!) {
  now: account(id: $id) {
    id
    balance
    version
    updatedAt
  }
  before: account(id: $id, asOf: "3") {
    id
    balance
    version
    updatedAt
  }
  log {
    sequence
    recordedAt
  }
}
    `) as unknown as TypedDocumentString<LookBackQuery, LookBackQueryVariables>;
export const WhyDocument = new TypedDocumentString(`
    query Why($id: ID!) {
  account(id: $id) {
    id
    balance
    history(last: 10) {
      nodes {
        id
        sequence
        type
        recordedAt
        actor
        ... on CashDeposited {
          amount
          reference
        }
        ... on CashTransferredOut {
          amount
          toAccountId
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WhyQuery, WhyQueryVariables>;
export const WatchDocument = new TypedDocumentString(`
    subscription Watch($id: ID!) {
  account(id: $id) {
    sequence
    account {
      id
      balance
      available
      status
    }
    event {
      id
      type
      recordedAt
    }
  }
}
    `) as unknown as TypedDocumentString<WatchSubscription, WatchSubscriptionVariables>;
export const LogDocument = new TypedDocumentString(`
    subscription Log {
  events(after: "0") {
    sequence
    event {
      id
      type
      streamId
      recordedAt
      data
    }
  }
}
    `) as unknown as TypedDocumentString<LogSubscription, LogSubscriptionVariables>;
export const PrepareDocument = new TypedDocumentString(`
    mutation Prepare($stock: ListInstrumentInput!, $buyer: OpenAccountInput!, $seller: OpenAccountInput!, $cash: DepositCashInput!, $shares: DepositSharesInput!) {
  listInstrument(input: $stock) {
    __typename
    ... on Error {
      code
      message
    }
  }
  buyer: openAccount(input: $buyer) {
    __typename
    ... on Error {
      code
      message
    }
  }
  seller: openAccount(input: $seller) {
    __typename
    ... on Error {
      code
      message
    }
  }
  depositCash(input: $cash) {
    __typename
    ... on DepositCashPayload {
      account {
        id
        owner
        balance
      }
    }
    ... on Error {
      code
      message
    }
  }
  depositShares(input: $shares) {
    __typename
    ... on DepositSharesPayload {
      account {
        id
        owner
        positions {
          id
          symbol
          quantity
          averageCost
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<PrepareMutation, PrepareMutationVariables>;
export const PlaceDocument = new TypedDocumentString(`
    mutation Place($offer: PlaceOrderInput!) {
  placeOrder(input: $offer) {
    __typename
    ... on PlaceOrderPayload {
      sequence
      order {
        id
        status
        quantity
        leavesQuantity
      }
      account {
        id
        positions {
          id
          quantity
          held
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<PlaceMutation, PlaceMutationVariables>;
export const WatchOrderDocument = new TypedDocumentString(`
    subscription WatchOrder($id: ID!) {
  order(id: $id) {
    sequence
    order {
      id
      status
      filledQuantity
      leavesQuantity
      averagePrice
    }
    event {
      id
      type
      recordedAt
    }
  }
}
    `) as unknown as TypedDocumentString<WatchOrderSubscription, WatchOrderSubscriptionVariables>;
export const WatchBookDocument = new TypedDocumentString(`
    subscription WatchBook($symbol: ID!) {
  orderBook(symbol: $symbol, depth: 5) {
    sequence
    orderBook {
      id
      asks {
        price
        quantity
      }
      bids {
        price
        quantity
      }
    }
  }
}
    `) as unknown as TypedDocumentString<WatchBookSubscription, WatchBookSubscriptionVariables>;
export const BuyDocument = new TypedDocumentString(`
    mutation Buy($bid: PlaceOrderInput!) {
  placeOrder(input: $bid) {
    __typename
    ... on PlaceOrderPayload {
      sequence
      order {
        id
        status
        filledQuantity
        averagePrice
      }
      trades {
        id
        price
        quantity
        amount
        buyFee
        sellFee
        sellOrder {
          id
          status
          leavesQuantity
        }
      }
      account {
        id
        balance
        held
        positions {
          id
          symbol
          quantity
          averageCost
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<BuyMutation, BuyMutationVariables>;
export const ReplaceDocument = new TypedDocumentString(`
    mutation Replace($change: ReplaceOrderInput!) {
  replaceOrder(input: $change) {
    __typename
    ... on ReplaceOrderPayload {
      sequence
      replaced {
        id
        status
        replacedBy {
          id
        }
      }
      order {
        id
        status
        quantity
        filledQuantity
        leavesQuantity
        limitPrice
        fills {
          id
          price
          quantity
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ReplaceMutation, ReplaceMutationVariables>;
export const CancelDocument = new TypedDocumentString(`
    mutation Cancel($cancel: CancelOrderInput!) {
  cancelOrder(input: $cancel) {
    __typename
    ... on CancelOrderPayload {
      sequence
      replayed
      order {
        id
        status
        filledQuantity
        leavesQuantity
        reason
      }
      account {
        id
        positions {
          id
          quantity
          held
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CancelMutation, CancelMutationVariables>;
export const PortfoliosDocument = new TypedDocumentString(`
    query Portfolios($id: ID!, $moment: Moment!) {
  now: account(id: $id) {
    id
    portfolio {
      ...Worth
    }
  }
  before: account(id: $id, asOf: $moment) {
    id
    portfolio {
      ...Worth
    }
  }
}
    fragment Worth on Portfolio {
  id
  sequence
  cash
  marketValue
  equity
  realizedPnl
  unrealizedPnl
  positions {
    id
    symbol
    quantity
    averageCost
    marketPrice
    marketValue
  }
}`) as unknown as TypedDocumentString<PortfoliosQuery, PortfoliosQueryVariables>;
export const ProofDocument = new TypedDocumentString(`
    query Proof {
  trialBalance {
    sequence
    isBalanced
    assets {
      kind
      asset
      total
      entries {
        account
        balance
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ProofQuery, ProofQueryVariables>;