// The declarations in an ES module.

import { InvalidRequestError, KopoKopo, type IncomingPayment } from 'kopokopo';

export async function paid(id: string): Promise<IncomingPayment | undefined> {
  try {
    return await KopoKopo.fromEnv().incomingPayments.get(id);
  } catch (error) {
    if (error instanceof InvalidRequestError) return undefined;
    throw error;
  }
}
