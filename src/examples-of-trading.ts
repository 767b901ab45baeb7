import type { Example } from './api/transport/graphiql.ts';

/** A separate stock, so that the traders of a demo do not change the results of these tabs. */
const symbol = 'TOUR';
const buyerId = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e51';
const sellerId = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e52';
const offerId = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e61';
const bidId = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e62';
const replacementId = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e63';

/** A trader's day, in tabs that continue the tour. Their keys make them safe to run again. */
export const tradingExamples: readonly Example[] = [
  {
    title: "7. A trader's day: list a stock, open accounts, deposit cash and shares",
    query: `mutation Prepare(
  $stock: ListInstrumentInput!
  $buyer: OpenAccountInput!
  $seller: OpenAccountInput!
  $cash: DepositCashInput!
  $shares: DepositSharesInput!
) {
  listInstrument(input: $stock) { __typename ... on Error { code message } }
  buyer: openAccount(input: $buyer) { __typename ... on Error { code message } }
  seller: openAccount(input: $seller) { __typename ... on Error { code message } }
  depositCash(input: $cash) {
    __typename
    ... on DepositCashPayload { account { id owner balance } }
    ... on Error { code message }
  }
  depositShares(input: $shares) {
    __typename
    ... on DepositSharesPayload {
      account { id owner positions { id symbol quantity averageCost } }
    }
    ... on Error { code message }
  }
}`,
    variables: {
      stock: {
        symbol,
        name: 'Tour plc',
        currency: 'EUR',
        tickSize: '0.01',
        lotSize: '1',
        makerFeeBps: '1',
        takerFeeBps: '3',
        idempotencyKey: 'tour-list',
      },
      buyer: { accountId: buyerId, owner: 'Ada', currency: 'EUR', idempotencyKey: 'tour-buyer' },
      seller: { accountId: sellerId, owner: 'Bob', currency: 'EUR', idempotencyKey: 'tour-seller' },
      cash: { accountId: buyerId, amount: '5000.00', idempotencyKey: 'tour-cash' },
      shares: {
        accountId: sellerId,
        symbol,
        quantity: '100',
        costPrice: '9.00',
        idempotencyKey: 'tour-shares',
      },
    },
  },
  {
    title: '8. Place an order: Bob offers 40 shares at 10.00; the order rests in the book',
    query: `mutation Place($offer: PlaceOrderInput!) {
  placeOrder(input: $offer) {
    __typename
    ... on PlaceOrderPayload {
      sequence
      order { id status quantity leavesQuantity }
      account { id positions { id quantity held } }
    }
    ... on Error { code message }
  }
}`,
    variables: {
      offer: {
        orderId: offerId,
        accountId: sellerId,
        symbol,
        side: 'SELL',
        type: 'LIMIT',
        timeInForce: 'GTC',
        quantity: '40',
        limitPrice: '10.00',
        idempotencyKey: 'tour-offer',
      },
    },
  },
  {
    title: '9. Watch the order: leave this running and continue in another window',
    query: `subscription WatchOrder($id: ID!) {
  order(id: $id) {
    sequence
    order { id status filledQuantity leavesQuantity averagePrice }
    event { id type recordedAt }
  }
}`,
    variables: { id: offerId },
  },
  {
    title: '10. Watch the order book the same way; in a demo, try MSFT instead of TOUR',
    query: `subscription WatchBook($symbol: ID!) {
  orderBook(symbol: $symbol, depth: 5) {
    sequence
    orderBook { id asks { price quantity } bids { price quantity } }
  }
}`,
    variables: { symbol },
  },
  {
    title: '11. Fill it in part: Ada buys 15 of the 40 shares, at the price of the resting order',
    query: `mutation Buy($bid: PlaceOrderInput!) {
  placeOrder(input: $bid) {
    __typename
    ... on PlaceOrderPayload {
      sequence
      order { id status filledQuantity averagePrice }
      trades { id price quantity amount buyFee sellFee sellOrder { id status leavesQuantity } }
      account { id balance held positions { id symbol quantity averageCost } }
    }
    ... on Error { code message }
  }
}`,
    variables: {
      bid: {
        orderId: bidId,
        accountId: buyerId,
        symbol,
        side: 'BUY',
        type: 'LIMIT',
        timeInForce: 'IOC',
        quantity: '15',
        limitPrice: '10.05',
        idempotencyKey: 'tour-bid',
      },
    },
  },
  {
    title: '12. Replace it: 30 shares in total, including the 15 already sold, at 10.20',
    query: `mutation Replace($change: ReplaceOrderInput!) {
  replaceOrder(input: $change) {
    __typename
    ... on ReplaceOrderPayload {
      sequence
      replaced { id status replacedBy { id } }
      order {
        id status quantity filledQuantity leavesQuantity limitPrice
        fills { id price quantity }
      }
    }
    ... on Error { code message }
  }
}`,
    variables: {
      change: {
        orderId: offerId,
        newOrderId: replacementId,
        quantity: '30',
        limitPrice: '10.20',
        idempotencyKey: 'tour-replace',
      },
    },
  },
  {
    title: '13. Cancel it: its shares are released; run it twice, and the answer stays the same',
    query: `mutation Cancel($cancel: CancelOrderInput!) {
  cancelOrder(input: $cancel) {
    __typename
    ... on CancelOrderPayload {
      sequence
      replayed
      order { id status filledQuantity leavesQuantity reason }
      account { id positions { id quantity held } }
    }
    ... on Error { code message }
  }
}`,
    variables: {
      cancel: {
        orderId: replacementId,
        reason: 'enough for today',
        idempotencyKey: 'tour-cancel',
      },
    },
  },
  {
    title: '14. Compare the portfolio now and as of a moment: a sequence number or a time',
    query: `query Portfolios($id: ID!, $moment: Moment!) {
  now: account(id: $id) { id portfolio { ...Worth } }
  before: account(id: $id, asOf: $moment) { id portfolio { ...Worth } }
}
fragment Worth on Portfolio {
  id sequence cash marketValue equity realizedPnl unrealizedPnl
  positions { id symbol quantity averageCost marketPrice marketValue }
}`,
    // In a log with other first events, `before` is null: use a sequence number from another tab.
    variables: { id: sellerId, moment: '12' },
  },
  {
    title: '15. Check the books: each trade is a double entry, and all entries sum to zero',
    query: `query Proof {
  trialBalance {
    sequence
    isBalanced
    assets { kind asset total entries { account balance } }
  }
}`,
  },
];
