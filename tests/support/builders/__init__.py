"""Values of the domain that are valid by default; one keyword changes one thing.

By default they describe the good case: a green validation of the default branch that started an
hour before `NOW`, and a request that has waited for a minute under the built-in policy.
"""
