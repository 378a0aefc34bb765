"""A made-up company with known truth: raw tables to try everything on, and the right answers beside them.

`simulate` is the door. The files, in the order in which a customer comes to be: `calendar` (when, and how demand
moves), `products` (what is sold and at which price), `people` (who they are), `campaigns` (what is tried on them),
`leaving` (when they are upset and when they leave), `orders`, `surveys`, `contacts`, `subscriptions` (what is
recorded of them), `truth` (what was to be expected, with `chain` for the mathematics), `company` (all of it to disk).

The process, for customer i, with time t in days:

    orders     a Poisson process while the customer is alive, at the rate
               orders_per_day_i * demand(t) * voucher_i(t) * (0.5 while upset, else 1),
               and for most customers one order more, at acquired_at
    moods      content -> upset at complaints_per_day_i (each time there is a complaint),
               upset -> content at recoveries_per_day_i (the complaint is resolved)
    leaving    at the hazard leave_per_day_i * call_i(t) * (6 while upset, else 1); who has left does nothing more
    demand(t)  a yearly season and growth, constant within each week
    voucher_i, call_i   1, but in the days after a randomised touch a factor of the customer's own
    an order   1 + Binomial(7, p_i) lines; a line: a product (half of them from the favourite category),
               1 + Poisson(u_i) units, the list price of that day, less the discount of the order
    returns    each line on its own, with return_probability_i, U(1, 30) days after the order, in full
"""

from features.simulate.calendar import Calendar
from features.simulate.company import TABLES, SimulatedCompany, simulate

__all__ = ["TABLES", "Calendar", "SimulatedCompany", "simulate"]
