"""Do the teachers of a school agree, and may its mean speak for it?"""
