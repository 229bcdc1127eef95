-- Contracts of the exchange that boxes earn.

-- The box that a contract is assigned to.
ALTER TABLE contracts ADD COLUMN box uuid;

-- What the exchange owes boxes is guarded like what it owes sellers.
ALTER TABLE accounts DROP CONSTRAINT guarded_by_code;
ALTER TABLE accounts ADD CONSTRAINT guarded_by_code CHECK (guarded = (code IN (
    '2000-customer-available', '2010-customer-held', '2100-contract-prepayment', '2105-security-deposit', '2110-spot-prepayment',
    '2200-seller-payable', '2210-box-payable', '2300-payout-in-transit')));
